"""What NumPy says of two models' weights: norms, largest difference, cosine. Writes weights.json.

Run from the repository's root: python test/reference/compare/weights.py
Needs numpy and onnx.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "media/samples/digits"
PAIRS = {"seed1": "variants/seed1.onnx", "untrained": "variants/untrained.onnx", "int8": "variants/int8.onnx"}


def weights(path):
    """By name; what a DequantizeLinear reads, under the name of the float it stands for."""
    model = onnx.load(path)
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in found:
            codes, scale, zero = (found[name] for name in node.input)
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            if scale.ndim > 0:
                shape = [-1 if i == axis else 1 for i in range(codes.ndim)]
                scale, zero = scale.reshape(shape), zero.reshape(shape)
            values = (codes.astype(np.int64) - zero.astype(np.int64)).astype(np.float32) * scale
            found[node.input[0].removesuffix("_quantized")] = values.astype(np.float32)
    return found


def compare(a, b):
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    d = b - a
    norms = [float(np.linalg.norm(x)) for x in (a, b, d)]
    cosine = None if norms[0] == 0 or norms[1] == 0 else float(a @ b / (norms[0] * norms[1]))
    return {
        "normA": norms[0],
        "normB": norms[1],
        "norm": norms[2],
        "max": float(np.abs(d).max()),
        "maxAt": int(np.abs(d).argmax()),
        "differing": int((a != b).sum()),
        "cosine": cosine,
    }


first = weights(SAMPLE / "digits.onnx")
report = {}
for name, file in PAIRS.items():
    second = weights(SAMPLE / file)
    report[name] = {
        key: compare(first[key], second[key])
        for key in sorted(first)
        if first[key].size > 1 and key in second and first[key].dtype == np.float32 == second[key].dtype
    }
out = Path(__file__).with_name("weights.json")
out.write_text(json.dumps(report, indent=1) + "\n")
print({name: len(rows) for name, rows in report.items()})
