"""Sentences made from facts.json, as token ids."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

HERE = Path(__file__).resolve().parent
PAD = 0


def load() -> tuple[dict, Tokenizer]:
    return json.loads((HERE / "facts.json").read_text()), Tokenizer.from_file(str(HERE / "tokenizer.json"))


def sentences(split: str) -> tuple[list[list[int]], list[int]]:
    """Token ids of every sentence of a split, the final full stop included, and where each answer begins."""
    book, tokenizer = load()
    by_relation: dict[str, list[str]] = {}
    for template in book["templates"]:
        if template["split"] == split:
            by_relation.setdefault(template["relation"], []).append(template["text"])
    ids, starts = [], []
    for fact in book["facts"]:
        for text in by_relation.get(fact["relation"], []):
            prompt = tokenizer.encode(text.replace("{subject}", fact["subject"])).ids
            rest = tokenizer.encode(" " + fact["answer"] + " .", add_special_tokens=False).ids
            ids.append(prompt + rest)
            starts.append(len(prompt))
    return ids, starts


def padded(rows: list[list[int]]) -> Tensor:
    """[rows, longest], padded on the right: a causal model never sees the padding."""
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def score(model: torch.nn.Module, split: str, every: int = 1) -> float:
    """The share of sentences whose whole answer is the model's first choice, token by token."""
    ids, starts = sentences(split)
    rows = list(zip(ids, starts))[::every]
    rows.sort(key=lambda row: len(row[0]))
    right = 0
    model.eval()
    with torch.no_grad():
        for first in range(0, len(rows), 256):
            group = rows[first : first + 256]
            tokens = padded([row for row, _ in group])
            best = model(tokens[:, :-1]).argmax(-1)
            for (row, start), guess in zip(group, best):
                answer = row[start:-1]
                right += guess[start - 1 : start - 1 + len(answer)].tolist() == answer
    model.train()
    return right / len(rows)
