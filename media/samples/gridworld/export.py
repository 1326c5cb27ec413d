"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    gridworld.onnx              the trained agent: q_values [batch, 4] and value [batch, 1]
    gridworld.torchscript.onnx  the same weights through the older TorchScript exporter
    variants/untrained.onnx     the same network before training

`make.py gridworld` (one folder up) runs this in a copy of the folder: see there why.
"""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from model import build
from world import draw

HERE = Path(__file__).resolve().parent


def export(model: nn.Module, file: Path, states: torch.Tensor) -> None:
    file.parent.mkdir(exist_ok=True)
    model.eval()
    program = torch.onnx.export(
        model,
        (states[:2],),
        dynamo=True,
        opset_version=20,
        input_names=["state"],
        output_names=["q_values", "value"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    program.save(str(file), external_data=False)
    report(model, file, states)


def export_torchscript(model: nn.Module, file: Path, states: torch.Tensor) -> None:
    """The same weights through the older TorchScript exporter, with traces in `doc_string`."""
    model.eval()
    torch.onnx.export(
        model,
        (states[:2],),
        str(file),
        dynamo=False,
        verbose=True,  # keeps the source lines in doc_string; it also prints the graph
        opset_version=17,
        input_names=["state"],
        output_names=["q_values", "value"],
        dynamic_axes={"state": {0: "batch"}, "q_values": {0: "batch"}, "value": {0: "batch"}},
    )
    report(model, file, states)


@torch.no_grad()
def report(model: nn.Module, file: Path, states: torch.Tensor) -> None:
    """Prints the largest difference between PyTorch and onnxruntime."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    expected = [output.numpy() for output in model(states)]
    got = session.run(["q_values", "value"], {"state": states.numpy()})
    difference = max(np.abs(a - b).max() for a, b in zip(got, expected))
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


def main() -> None:
    warnings.filterwarnings("ignore")
    states = torch.from_numpy(np.stack([draw(np.random.default_rng(index)) for index in range(64)]))
    export(build(), HERE / "variants" / "untrained.onnx", states)
    model = build()
    model.load_state_dict(torch.load(HERE / "weights" / "seed0.pt"))
    export(model, HERE / "gridworld.onnx", states)
    export_torchscript(model, HERE / "gridworld.torchscript.onnx", states)


if __name__ == "__main__":
    main()
