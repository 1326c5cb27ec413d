"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    sparse.onnx              seed 0 with both penalties
    sparse.torchscript.onnx  the same weights through the older TorchScript exporter
    variants/                without, with either and with both, three seeds each

`make.py sparse` (one folder up) runs this in a copy of the folder: see there why.
"""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

import mnist
from model import build

HERE = Path(__file__).resolve().parent
EXAMPLE = torch.zeros(2, 1, 28, 28)


def export(model: nn.Module, file: Path) -> None:
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
        verbose=False,
    )
    program.save(str(file), external_data=False)
    report(model, file)


def export_torchscript(model: nn.Module, file: Path) -> None:
    """The same weights through the older TorchScript exporter, with traces in `doc_string`."""
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
    difference = np.abs(session.run(["logits"], {"image": images.numpy()})[0] - model(images).numpy()).max()
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


def main() -> None:
    warnings.filterwarnings("ignore")
    for weights in sorted((HERE / "weights").glob("*.pt")):
        model = build()
        model.load_state_dict(torch.load(weights))
        export(model, HERE / "variants" / f"{weights.stem}.onnx")
        if weights.stem == "decorrelated-l1-seed0":
            export(model, HERE / "sparse.onnx")
            export_torchscript(model, HERE / "sparse.torchscript.onnx")


if __name__ == "__main__":
    main()
