"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    digits.onnx               seed 0 through the torch.export-based exporter, every batch norm a node of its own
    digits.torchscript.onnx   the same weights through the older TorchScript exporter
    variants/                 other seeds, dropout, an untrained copy, the exporter's own fusion, int8
    checkpoints/              states of the run of seed 0

The exporters write the path of model.py into each node. `make.py digits` (one folder up) therefore runs this in
a copy of the folder outside the repository, so that the traces name the copy, as those of any downloaded model do.
"""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxscript import optimizer
from torch import nn

import mnist
from model import build

HERE = Path(__file__).resolve().parent
EXAMPLE = torch.zeros(2, 1, 28, 28)


def export(model: nn.Module, file: Path, fuse: bool = False) -> None:
    """One self-contained file with stack traces and scopes. With `fuse`, whatever torch.onnx rewrites by default."""
    file.parent.mkdir(exist_ok=True)
    model.eval()
    program = torch.onnx.export(
        model,
        (EXAMPLE,),
        dynamo=True,
        opset_version=20,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        optimize=fuse,
        verbose=False,
    )
    if not fuse:
        # torch's own optimisation folds every batch norm into its convolution. Folding constants alone keeps both.
        optimizer.fold_constants_ir(program.model)
        optimizer.remove_unused_nodes(program.model)
    program.save(str(file), external_data=False)
    report(model, file)


def export_torchscript(model: nn.Module, file: Path) -> None:
    model.eval()
    torch.onnx.export(
        model,
        (EXAMPLE,),
        str(file),
        dynamo=False,
        verbose=True,  # keeps the source lines in doc_string; it also prints the graph
        opset_version=17,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )
    report(model, file)


@torch.no_grad()
def report(model: nn.Module, file: Path) -> None:
    """Prints the largest difference between PyTorch and onnxruntime on the first 64 test images."""
    images = mnist.load("t10k")[0][:64]
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    got = session.run(["logits"], {"image": images.numpy()})[0]
    difference = np.abs(got - model(images).numpy()).max()
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


class Calibration(CalibrationDataReader):
    """512 training images, for the ranges of int8."""

    def __init__(self):
        images = mnist.load("train")[0][:512].numpy()
        self.batches = iter([{"image": images[i : i + 64]} for i in range(0, len(images), 64)])

    def get_next(self):
        return next(self.batches, None)


def main() -> None:
    warnings.filterwarnings("ignore")
    variants = HERE / "variants"
    export(build(0), variants / "untrained.onnx")
    for weights in sorted((HERE / "weights").glob("*.pt")):
        model = build(0)
        model.load_state_dict(torch.load(weights))
        if weights.stem.startswith("step-"):
            export(model, HERE / "checkpoints" / f"{weights.stem}.onnx")
        elif weights.stem != "seed0":
            export(model, variants / f"{weights.stem}.onnx")
        else:
            export(model, HERE / "digits.onnx")
            export_torchscript(model, HERE / "digits.torchscript.onnx")
            export(model, variants / "fused.onnx", fuse=True)
            quantize_static(
                HERE / "digits.onnx",
                variants / "int8.onnx",
                Calibration(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            report(model, variants / "int8.onnx")


if __name__ == "__main__":
    main()
