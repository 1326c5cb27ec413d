"""Reference numbers for src/tensor, from NumPy and ml_dtypes: small floats, statistics, histograms, .npy files.

Writes reference.json beside itself. Run it with Python 3.11, numpy 2 and ml_dtypes; the tests need only the JSON.
"""

import base64
import io
import json
import pathlib

import ml_dtypes
import numpy as np


def lcg(count: int, seed: int) -> np.ndarray:
    """The generator of tensor.test.ts: 31-bit Lehmer numbers in (-0.5, 0.5), float64."""
    out = np.empty(count)
    state = seed
    for i in range(count):
        state = (state * 16807) % 2147483647
        out[i] = state / 2147483647 - 0.5
    return out


def numbers(array) -> list:
    """JSON has neither NaN nor infinities: as strings."""
    return [str(x) if not np.isfinite(x) else float(x) for x in np.asarray(array, dtype=np.float64)]


def npy(array: np.ndarray, version=None) -> dict:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    values = [str(x) for x in array.ravel()] if array.dtype.kind in "US" else (
        [str(int(x)) for x in array.ravel()] if array.dtype.kind in "iub" else
        numbers(np.abs(array.ravel()) if array.dtype.kind == "c" else array.ravel()))
    return {"dtype": str(array.dtype), "shape": list(array.shape), "values": values,
            "file": base64.b64encode(buffer.getvalue()).decode()}


def summary(array: np.ndarray) -> dict:
    x = np.asarray(array, dtype=np.float64)
    finite = x[np.isfinite(x)]
    return {"count": x.size, "mean": float(finite.mean()), "std": float(finite.std()), "min": float(finite.min()),
            "max": float(finite.max()), "zeros": int((x == 0).sum()), "nan": int(np.isnan(x).sum()),
            "inf": int(np.isinf(x).sum())}


def histogram(array: np.ndarray, low: float, high: float, bins: int) -> list:
    x = np.asarray(array, dtype=np.float64)
    # Half-open bins on the edges of a power of two; NumPy closes the last one, so it gets one more and drops it.
    counts, _ = np.histogram(x[np.isfinite(x)], bins=bins + 1, range=(low, high + (high - low) / bins))
    return [int(c) for c in counts[:bins]]


small = {
    "float16": [np.arange(65536, dtype=np.uint16)[::41].view(np.float16)],
    "bfloat16": [np.arange(65536, dtype=np.uint16)[::41].view(ml_dtypes.bfloat16)],
    "float8e4m3fn": [np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e4m3fn)],
    "float8e4m3fnuz": [np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e4m3fnuz)],
    "float8e5m2": [np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e5m2)],
    "float8e5m2fnuz": [np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e5m2fnuz)],
    "float8e8m0": [np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e8m0fnu)],
    "float4e2m1": [np.arange(16, dtype=np.uint8).view(ml_dtypes.float4_e2m1fn)],
}
rounding = np.concatenate([lcg(200, 5) * 10.0 ** np.arange(-10, 10).repeat(10),
                           [0.0, -0.0, 65504, 65519.99, 65520, 1e-8, 2**-24, 2**-25, 2**-25 * 1.0001, 6.1e-5, 1 + 2**-11,
                            1 + 3 * 2**-11, np.inf, -np.inf, np.nan]])
big = lcg(100_000, 7).astype(np.float32)
spiky = big.copy()
spiky[::1000] *= 1000
spiky[5], spiky[6], spiky[7], spiky[8:20] = np.nan, np.inf, -np.inf, 0
offset = (lcg(50_000, 11) * 1e-3 + 12345.0).astype(np.float64)
wide = lcg(3000, 3) * 2.0 ** (np.arange(3000) % 100)
arrays = {"big": big, "spiky": spiky, "offset": offset, "wide": wide}
edges = json.loads((pathlib.Path(__file__).parent / "edges.json").read_text())

result = {
    "small": {name: numbers(values[0].astype(np.float64)) for name, values in small.items()},
    "rounding": {
        "values": numbers(rounding),
        "float16": [int(b) for b in rounding.astype(np.float16).view(np.uint16)],
        "bfloat16": [int(b) for b in rounding.astype(np.float32).astype(ml_dtypes.bfloat16).view(np.uint16)],
    },
    "summaries": {name: summary(array) for name, array in arrays.items()},
    "histograms": {name: {**edges[name], "counts": histogram(arrays[name], **edges[name])} for name in arrays},
    "npy": [
        npy(np.arange(6, dtype=np.float32).reshape(2, 3)),
        npy(np.array(3.5, dtype=np.float64)),
        npy(np.array([1.5, -2, np.nan, np.inf], dtype=np.float16)),
        npy(np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))),
        npy(np.arange(4, dtype=">i4")),
        npy(np.array([2**63 - 1, -(2**63)], dtype=np.int64)),
        npy(np.array([True, False])),
        npy(np.array(["käse", "", "日本"])),
        npy(np.array([b"ab", b"c"])),
        npy(np.array([1 + 2j, -3j], dtype=np.complex64)),
        npy(np.zeros((0, 3), dtype=np.uint8)),
        npy(np.arange(3, dtype=np.uint64), version=(2, 0)),
        npy(np.arange(3, dtype=np.float32), version=(3, 0)),
    ],
}
(pathlib.Path(__file__).parent / "reference.json").write_text(json.dumps(result))
