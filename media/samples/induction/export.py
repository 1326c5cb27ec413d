"""Writes the hand-made model as induction.onnx, its tokenizer, and repeated sequences to run it on.

    induction.onnx              the model
    induction.torchscript.onnx  the same through the older TorchScript exporter
    tokenizer.json              letters apart by spaces, [BOS] first
    evaluation.jsonl            100 sequences of distinct letters, written twice: {text, repeat}; from the first letter
                                of the repeat on, the next letter is known
    prompts.jsonl               four of them, cut in the middle of the repeat

`make.py induction` (one folder up) runs this in a copy of the folder: see there why.
"""

import json
import random
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from torch import Tensor, nn

from model import BOS, LETTERS, build

HERE = Path(__file__).resolve().parent


def tokenizer() -> Tokenizer:
    vocabulary = {letter: index for index, letter in enumerate(LETTERS)} | {"[BOS]": BOS}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[BOS]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(["[BOS]"])
    made.post_processor = processors.TemplateProcessing(single="[BOS] $A", special_tokens=[("[BOS]", BOS)])
    return made


def export(model: nn.Module, file: Path, tokens: Tensor) -> None:
    """One self-contained file; batch and sequence may have any length up to the model's 32 positions."""
    model.eval()
    program = torch.onnx.export(
        model,
        (tokens[:1].repeat(2, 1),),
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
        (tokens[:1].repeat(2, 1),),
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
    spoken = tokenizer()
    spoken.save(str(HERE / "tokenizer.json"))
    chance = random.Random(0)
    items = []
    for _ in range(100):
        letters = chance.sample(LETTERS, chance.randint(4, 15))
        items.append({"text": " ".join(letters * 2), "repeat": len(letters)})
    (HERE / "evaluation.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    prompts = []
    for item in items[:4]:
        letters = item["text"].split()
        cut = item["repeat"] + 1 + item["repeat"] // 2
        text = " ".join(letters[:cut])
        prompts.append({"text": text, "answer": letters[cut], "ids": spoken.encode(text).ids})
    (HERE / "prompts.jsonl").write_text("".join(json.dumps(item) + "\n" for item in prompts))

    tokens = torch.tensor([spoken.encode(item["text"]).ids for item in items if item["repeat"] == items[0]["repeat"]])
    export(build(), HERE / "induction.onnx", tokens)
    export_torchscript(build(), HERE / "induction.torchscript.onnx", tokens)


if __name__ == "__main__":
    main()
