"""Writes the hand-made model as induction.onnx, its tokenizer, and repeated sequences to run it on.

    induction.onnx      the model
    tokenizer.json      letters apart by spaces, [BOS] first
    evaluation.jsonl    100 sequences of distinct letters, written twice: {text, repeat}; from the first letter of the
                        repeat on, the next letter is known
    prompts.jsonl       four of them, cut in the middle of the repeat

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

    model = build().eval()
    tokens = torch.tensor([spoken.encode(item["text"]).ids for item in items if item["repeat"] == items[0]["repeat"]])
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
    file = HERE / "induction.onnx"
    program.save(str(file), external_data=False)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = model(tokens).numpy()
    difference = np.abs(session.run(["logits"], {"input_ids": tokens.numpy()})[0] - expected).max()
    print(f"{file.name}: {file.stat().st_size} bytes, largest difference {difference:.1e}")


if __name__ == "__main__":
    main()
