"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    sparse.onnx    seed 0 with both penalties
    variants/      without, with either and with both, three seeds each

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


def export(model: nn.Module, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    model.eval()
    program = torch.onnx.export(
        model,
        (torch.zeros(2, 1, 28, 28),),
        dynamo=True,
        opset_version=20,
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    program.save(str(file), external_data=False)
    images = mnist.load("t10k")[0][:64]
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    with torch.no_grad():
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


if __name__ == "__main__":
    main()
