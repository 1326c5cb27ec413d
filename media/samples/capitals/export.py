"""Writes ONNX files from the weights that train.py left, and checks each against PyTorch.

    capitals.onnx    seed 0 without dropout
    variants/        other seeds, dropouts, half the size, an untrained copy
    checkpoints/     states of the run of seed 0
    prompts.jsonl    a few prompts with their answers and token ids

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
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = model(tokens).numpy()
    difference = np.abs(session.run(["logits"], {"input_ids": tokens.numpy()})[0] - expected).max()
    print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes, largest difference {difference:.1e}", flush=True)


def write_prompts() -> None:
    book, tokenizer = data.load()
    first = {}
    for template in book["templates"]:
        first.setdefault(template["relation"], template["text"])
    lines = []
    for fact in book["facts"]:
        if fact["subject"] in PROMPTS[fact["relation"]]:
            text = first[fact["relation"]].replace("{subject}", fact["subject"])
            lines.append({"text": text, "answer": fact["answer"], "ids": tokenizer.encode(text).ids})
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
        elif weights.stem.startswith("step-"):
            export(model, HERE / "checkpoints" / f"{weights.stem}.onnx", tokens)
        else:
            export(model, HERE / "variants" / f"{weights.stem}.onnx", tokens)


if __name__ == "__main__":
    main()
