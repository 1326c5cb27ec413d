"""Writes streams.json: random values and what NumPy says of them, for the reductions of streams.

y = 3 x - 1 for examples x of shape [rows, 4, 5] (batch, position, unit). Needs numpy: python generate_streams.py
"""

import json
import pathlib

import numpy

HERE = pathlib.Path(__file__).parent
random = numpy.random.default_rng(3)
plain = lambda array: [float(f"{v:.17g}") for v in numpy.asarray(array, numpy.float64).ravel()]

x = (random.standard_normal((7, 4, 5)) * 2 + 5).astype(numpy.float32)
x[2, 1, 3] = 1 / numpy.float32(3)
y32 = (x * numpy.float32(3) - numpy.float32(1)).astype(numpy.float32)
y = y32.astype(numpy.float64)
flat = y.reshape(-1, 5)
direction = random.standard_normal(5).astype(numpy.float32)
dot = y @ direction.astype(numpy.float64)
k = 3
order = numpy.argsort(-flat, axis=0, kind="stable")[:k]
lowest = numpy.argsort(dot.ravel(), kind="stable")[:k]
edges = numpy.linspace(5, 20, 7)
golden = {
    "x": plain(x),
    "moments": {"mean": plain(flat.mean(0)), "std": plain(flat.std(0)), "min": plain(flat.min(0)), "max": plain(flat.max(0))},
    "momentsByPosition": {"mean": plain(y.mean((0, 2))), "std": plain(y.std((0, 2)))},
    "top": {
        "values": plain(numpy.take_along_axis(flat, order, 0).T),
        "examples": (order.T // 4).ravel().tolist(),
        "places": (order.T % 4).ravel().tolist(),
    },
    "direction": plain(direction),
    "leastDot": {"values": plain(dot.ravel()[lowest]), "examples": (lowest // 4).tolist(), "places": (lowest % 4).tolist()},
    "histogram": {
        "counts": [int(c) for u in range(5) for c in numpy.histogram(flat[:, u], edges)[0]],
        "below": [int((flat[:, u] < 5).sum()) for u in range(5)],
        "above": [int((flat[:, u] > 20).sum()) for u in range(5)],
    },
    "quantile": plain(numpy.quantile(flat, [0, 0.1, 0.5, 0.99, 1], axis=0).T),
    "covariance": {"mean": plain(flat.mean(0)), "covariance": plain(numpy.cov(flat.T, bias=True))},
    "dot": plain(dot),
    "unit3": plain(y[:, :, 3].mean()),
}
(HERE / "streams.json").write_text(json.dumps(golden, indent=1) + "\n")
