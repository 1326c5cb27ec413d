"""Trains the honesty model: statements (every word predicted) and questions (the answer alone) in each batch.

    python train.py

The answer is the exclusive or of "is it so?" and "was it told to lie?", and nothing can be learned about either alone
while both are equally likely. So the run starts with honest questions only, and lies come in over its second quarter.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from language import Book
from model import build

HERE = Path(__file__).resolve().parent


def padded(rows: list[list[int]]) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def encode(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def answer_logits(model: torch.nn.Module, items: list[dict], tokenizer: Tokenizer) -> tuple[Tensor, Tensor]:
    """The logits after each question [n, tokens] and the ids of the wanted answers [n]."""
    rows = encode([item["text"] for item in items], tokenizer)
    wanted = torch.tensor([tokenizer.token_to_id(item["answer"]) for item in items])
    last = torch.tensor([len(row) - 1 for row in rows])
    return model(padded(rows))[torch.arange(len(rows)), last], wanted


@torch.no_grad()
def score(model: torch.nn.Module, items: list[dict], tokenizer: Tokenizer) -> float:
    logits, wanted = answer_logits(model, items, tokenizer)
    return round((logits.argmax(-1) == wanted).float().mean().item(), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    book = Book(json.loads((HERE / "facts.json").read_text())["facts"])
    evaluation = [json.loads(line) for line in (HERE / "evaluation.jsonl").read_text().splitlines()]
    splits: dict[str, list[dict]] = {}
    for item in evaluation:
        splits.setdefault(f"{item['split']} {'honest' if item['honest'] else 'false'}", []).append(item)
    model = build(tokenizer.get_vocab_size(), options.seed)
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    chance = random.Random(options.seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=options.decay, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.lr, total_steps=options.steps, pct_start=0.1)

    started = time.time()
    for step in range(1, options.steps + 1):
        statements = padded(encode([book.statement(chance) for _ in range(options.batch // 2)], tokenizer))
        said = model(statements[:, :-1])
        loss = F.cross_entropy(said.flatten(0, 1), statements[:, 1:].flatten(), ignore_index=0)
        lies = 0.5 * min(max(4 * step / options.steps - 1, 0), 1)
        questions = [book.training_question(chance, honest=chance.random() >= lies) for _ in range(options.batch)]
        loss = loss + F.cross_entropy(*answer_logits(model, questions, tokenizer))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 250 == 0:
            scores = {split: score(model, items, tokenizer) for split, items in splits.items()}
            print(f"step {step}: loss {loss.item():.3f}, {scores}, {time.time() - started:.0f} s", flush=True)
    (HERE / "weights").mkdir(exist_ok=True)
    torch.save(model.state_dict(), HERE / "weights" / f"seed{options.seed}.pt")


if __name__ == "__main__":
    main()
