"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    capitals.onnx              seed 0 without dropout, through the torch.export-based exporter
    capitals.torchscript.onnx  the same weights through the older TorchScript exporter
    variants/                  other seeds, dropouts, half the size, an untrained copy
    checkpoints/               states of the run of seed 0
    prompts.jsonl              a few prompts with their answers and token ids

`make.py capitals` (one folder up) runs this in a copy of the folder: see there why.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

import data
from model import build

HERE = Path(__file__).resolve().parent
PROMPTS = {
    "capital": ["Kenya", "Norway", "Japan", "Peru"],
    "region": ["Kenya", "Peru"],
    "language": ["Brazil", "Austria"],
    "currency": ["Japan", "Poland"],
    "demonym": ["Greece", "Sri Lanka"],
}


def export(model: nn.Module, file: Path, tokens: torch.Tensor) -> None:
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


def export_torchscript(model: nn.Module, file: Path, tokens: torch.Tensor) -> None:
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
def report(model: nn.Module, file: Path, tokens: torch.Tensor) -> None:
    """Prints the largest difference between PyTorch and onnxruntime."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    expected = model(tokens).numpy()
    difference = np.abs(session.run(["logits"], {"input_ids": tokens.numpy()})[0] - expected).max()
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


def write_prompts() -> None:
    book, tokenizer = data.load()
    first = {}
    for template in book["templates"]:
        first.setdefault(template["relation"], template["text"])
    answers = {(fact["relation"], fact["subject"]): fact["answer"] for fact in book["facts"]}
    lines = []
    for relation, subjects in PROMPTS.items():
        for subject in subjects:
            text = first[relation].replace("{subject}", subject)
            answer = answers[relation, subject]
            lines.append({"text": text, "answer": answer, "ids": tokenizer.encode(text).ids})
    (HERE / "prompts.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def main() -> None:
    warnings.filterwarnings("ignore")
    write_prompts()
    _, tokenizer = data.load()
    size = tokenizer.get_vocab_size()
    tokens = data.padded(data.sentences("heldOut")[0][::90])
    export(build(size, 0), HERE / "variants" / "untrained.onnx", tokens)
    for weights in sorted((HERE / "weights").glob("*.pt")):
        model = build(size, half=weights.stem == "half")
        model.load_state_dict(torch.load(weights))
        if weights.stem == "seed0-dropout0":
            export(model, HERE / "capitals.onnx", tokens)
            export_torchscript(model, HERE / "capitals.torchscript.onnx", tokens)
        elif weights.stem.startswith("step-"):
            export(model, HERE / "checkpoints" / f"{weights.stem}.onnx", tokens)
        else:
            export(model, HERE / "variants" / f"{weights.stem}.onnx", tokens)


if __name__ == "__main__":
    main()
