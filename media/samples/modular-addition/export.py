"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    modular-addition.onnx              the end of the run, after grokking and clean-up
    modular-addition.torchscript.onnx  the same weights through the older TorchScript exporter
    checkpoints/                       before, during and after
    all-pairs.npy                      every question, [12769, 3], a slowest
    train-pairs.npy                    the row numbers of the questions it was trained on
    a-few-pairs.npy                    eight questions, from 57 + 88 on
    labels.txt                         the answers' names: 0 to 112

`make.py modular-addition` (one folder up) runs this in a copy of the folder: see there why.
"""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from model import PRIME, build
from train import pairs

HERE = Path(__file__).resolve().parent


def export(model: nn.Module, file: Path, tokens: Tensor) -> None:
    """One self-contained file with stack traces and scopes, any batch."""
    file.parent.mkdir(exist_ok=True)
    model.eval()
    program = torch.onnx.export(
        model,
        (tokens[:2],),
        dynamo=True,
        opset_version=20,
        input_names=["tokens"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        verbose=False,
    )
    program.save(str(file), external_data=False)
    report(model, file, tokens)


def export_torchscript(model: nn.Module, file: Path, tokens: Tensor) -> None:
    """The same weights through the older TorchScript exporter, with traces in `doc_string`."""
    model.eval()
    torch.onnx.export(
        model,
        (tokens[:2],),
        str(file),
        dynamo=False,
        verbose=True,  # keeps the source lines in doc_string; it also prints the graph
        opset_version=17,
        input_names=["tokens"],
        output_names=["logits"],
        dynamic_axes={"tokens": {0: "batch"}, "logits": {0: "batch"}},
    )
    report(model, file, tokens)


@torch.no_grad()
def report(model: nn.Module, file: Path, tokens: Tensor) -> None:
    """Prints the largest difference between PyTorch and onnxruntime."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    expected = model(tokens).numpy()
    difference = np.abs(session.run(["logits"], {"tokens": tokens.numpy()})[0] - expected).max()
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


def main() -> None:
    warnings.filterwarnings("ignore")
    tokens, _ = pairs()
    np.save(HERE / "all-pairs.npy", tokens.numpy())
    np.save(HERE / "a-few-pairs.npy", tokens[57 * PRIME + 88 :: 800].numpy())
    (HERE / "labels.txt").write_text("".join(f"{answer}\n" for answer in range(PRIME)))
    np.save(HERE / "train-pairs.npy", torch.load(HERE / "weights" / "train-pairs.pt").sort().values.numpy())
    for weights in sorted((HERE / "weights").glob("*.pt")):
        if weights.stem == "train-pairs":
            continue
        model = build()
        model.load_state_dict(torch.load(weights))
        if weights.stem == "final":
            export(model, HERE / "modular-addition.onnx", tokens[::40])
            export_torchscript(model, HERE / "modular-addition.torchscript.onnx", tokens[::40])
        else:
            export(model, HERE / "checkpoints" / f"{weights.stem}.onnx", tokens[::40])


if __name__ == "__main__":
    main()
