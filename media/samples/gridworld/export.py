"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    gridworld.onnx           the trained agent: q_values [batch, 4] and value [batch, 1]
    variants/untrained.onnx  the same network before training

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
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    with torch.no_grad():
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


if __name__ == "__main__":
    main()
