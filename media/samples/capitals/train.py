"""Trains one capitals model as a language model on its sentences and keeps its weights under weights/.

    python train.py                                   the sample itself: seed 0, no dropout
    python train.py --seed 1 --dropout 0.1            a variant
    python train.py --half                            half the parameters
    python train.py --checkpoints 0 100 200 400 800   states of the run after so many steps
"""

import argparse
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import data
from model import build

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoints", type=int, nargs="*", default=[])
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    _, tokenizer = data.load()
    model = build(tokenizer.get_vocab_size(), options.seed, options.half, options.dropout)
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    ids, _ = data.sentences("train")
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.lr, total_steps=options.steps, pct_start=0.1)
    chance = torch.Generator().manual_seed(options.seed)

    name = "half" if options.half else f"seed{options.seed}-dropout{options.dropout:g}"
    weights = HERE / "weights"
    weights.mkdir(exist_ok=True)
    started, running = time.time(), 0.0
    for step in range(options.steps):
        if step in options.checkpoints:
            torch.save(model.state_dict(), weights / f"step-{step:05d}.pt")
        tokens = data.padded([ids[i] for i in torch.randint(len(ids), (options.batch,), generator=chance)])
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=data.PAD)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        running += (loss.item() - running) * 0.02
        if (step + 1) % 200 == 0:
            known = data.score(model, "heldOut", every=23)
            print(f"step {step + 1}: loss {running:.3f}, held out {known:.3f}, {time.time() - started:.0f} s", flush=True)
    torch.save(model.state_dict(), weights / f"{name}.pt")
    print({split: round(data.score(model, split, every=3), 4) for split in ("train", "heldOut", "newCore")})


if __name__ == "__main__":
    main()
