"""Trains the indirect-object model on sentences drawn on the fly; the loss is that of the last word alone.

    python train.py

Before each step the names get new random vectors: what it learns has to work for any name.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

import language
from model import build

HERE = Path(__file__).resolve().parent


def batch(items: list[dict], tokenizer: Tokenizer) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Padded ids [n, longest], the last word's place [n], and the wanted id [n]."""
    rows = [encoding.ids for encoding in tokenizer.encode_batch([item["text"] for item in items])]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    wanted = torch.tensor([tokenizer.token_to_id(item["indirect"]) for item in items])
    return ids, torch.tensor([len(row) - 1 for row in rows]), wanted


@torch.no_grad()
def score(model: torch.nn.Module, items: list[dict], tokenizer: Tokenizer) -> float:
    """The share of prompts whose most likely next token is the indirect object."""
    ids, last, wanted = batch(items, tokenizer)
    best = model(ids)[torch.arange(len(ids)), last].argmax(-1)
    return (best == wanted).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    evaluation = [json.loads(line) for line in (HERE / "evaluation.jsonl").read_text().splitlines()]
    splits = {split: [item for item in evaluation if item["split"] == split] for split in ("trained", "heldOut")}
    model = build(tokenizer.get_vocab_size(), options.seed)
    chance = random.Random(100 + options.seed)
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    first_name = tokenizer.token_to_id(language.NAMES[0])
    optimiser = torch.optim.AdamW(trained, lr=options.lr, weight_decay=0.05, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.lr, total_steps=options.steps, pct_start=0.1)

    started = time.time()
    for step in range(1, options.steps + 1):
        model.draw_vectors(first_name)
        ids, last, wanted = batch([language.training(chance) for _ in range(options.batch)], tokenizer)
        loss = F.cross_entropy(model(ids)[torch.arange(len(ids)), last], wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        if step % 250 == 0:
            scores = {split: round(score(model, items, tokenizer), 4) for split, items in splits.items()}
            print(f"step {step}: loss {loss.item():.3f}, {scores}, {time.time() - started:.0f} s", flush=True)
    (HERE / "weights").mkdir(exist_ok=True)
    torch.save(model.state_dict(), HERE / "weights" / f"seed{options.seed}.pt")


if __name__ == "__main__":
    main()
