"""What onnxruntime's own tools make of the small networks of record.py: kernels on codes, weights quantised on the fly,
the optimiser's fused operators, and half precision, with its inputs and outputs and with casts at them.

Run from the repository's root, after record.py: python test/reference/compare/quantise.py
Needs numpy, onnx and onnxruntime.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

OUT = Path(__file__).resolve().parent / "recordings"


class Pictures(CalibrationDataReader):
    def __init__(self):
        random = np.random.default_rng(0)
        self.left = iter([{"image": random.standard_normal((1, 1, 8, 8), np.float32)} for _ in range(16)])

    def get_next(self):
        return next(self.left, None)


quantize_static(OUT / "picture.torchscript.onnx", OUT / "picture.codes.onnx", Pictures(), quant_format=QuantFormat.QOperator)
quantize_dynamic(OUT / "text.torchscript.onnx", OUT / "text.dynamic.onnx")
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
options.optimized_model_filepath = str(OUT / "text.optimised.onnx")
onnxruntime.InferenceSession(OUT / "text.torchscript.onnx", options)
for sample in ("picture", "text"):
    for name, keeps in (("half", False), ("halfcast", True)):
        model = convert_float_to_float16(onnx.load(OUT / f"{sample}.torchscript.onnx"), keep_io_types=keeps)
        onnx.save(model, OUT / f"{sample}.{name}.onnx")
