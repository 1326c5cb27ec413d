"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    indirect-object.onnx              seed 0
    indirect-object.torchscript.onnx  the same weights through the older TorchScript exporter
    variants/untrained.onnx           the same network before training

`make.py indirect-object` (one folder up) runs this in a copy of the folder: see there why.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model import build
from train import batch

HERE = Path(__file__).resolve().parent


def export(model: nn.Module, file: Path, tokens: Tensor) -> None:
    """One self-contained file; batch and sequence may have any length up to the model's 32 positions."""
    file.parent.mkdir(exist_ok=True)
    model.eval()
    program = torch.onnx.export(
        model,
        (tokens[:2],),
        dynamo=True,
        opset_version=20,
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=32)},),
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
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_axes={"input_ids": {0: "batch", 1: "sequence"}, "logits": {0: "batch", 1: "sequence"}},
    )
    report(model, file, tokens)


@torch.no_grad()
def report(model: nn.Module, file: Path, tokens: Tensor) -> None:
    """Prints the largest difference between PyTorch and onnxruntime."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    expected = model(tokens).numpy()
    difference = np.abs(session.run(["logits"], {"input_ids": tokens.numpy()})[0] - expected).max()
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


def main() -> None:
    warnings.filterwarnings("ignore")
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    evaluation = [json.loads(line) for line in (HERE / "evaluation.jsonl").read_text().splitlines()]
    tokens, _, _ = batch(evaluation[:200], tokenizer)
    size = tokenizer.get_vocab_size()
    export(build(size), HERE / "variants" / "untrained.onnx", tokens)
    model = build(size)
    model.load_state_dict(torch.load(HERE / "weights" / "seed0.pt"))
    export(model, HERE / "indirect-object.onnx", tokens)
    export_torchscript(model, HERE / "indirect-object.torchscript.onnx", tokens)


if __name__ == "__main__":
    main()
