"""Trains one digits network and keeps its weights (and checkpoints, if asked for) under weights/.

    python train.py                                  the sample itself: seed 0, no dropout
    python train.py --seed 1 --dropout 0.3           a variant
    python train.py --checkpoints 0 20 60 200 600    states of the run after so many steps
"""

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import mnist
from model import build

HERE = Path(__file__).resolve().parent


def jitter(images: Tensor, reach: int, generator: torch.Generator) -> Tensor:
    """The batch shifted, as a whole, by up to `reach` pixels each way."""
    dx, dy = (int(v) for v in torch.randint(-reach, reach + 1, (2,), generator=generator))
    return torch.roll(images, (dy, dx), dims=(2, 3))


@torch.no_grad()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    model.eval()
    hits = sum(
        (model(images[i : i + 1000]).argmax(1) == labels[i : i + 1000]).sum().item()
        for i in range(0, len(images), 1000)
    )
    model.train()
    return hits / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--lr", type=float, default=0.01, help="the largest learning rate of the one-cycle schedule")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, default=None, help="the folder with MNIST's IDX files")
    parser.add_argument("--name", default=None, help="the file under weights/, default seedN[-dropout]")
    parser.add_argument("--checkpoints", type=int, nargs="*", default=[])
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    images, labels = mnist.load("train", options.data)
    test_images, test_labels = mnist.load("t10k", options.data)
    model = build(options.seed, options.dropout)
    shuffle = torch.Generator().manual_seed(options.seed)
    steps = options.epochs * (len(images) // options.batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.lr, total_steps=steps, pct_start=0.2)

    name = options.name or f"seed{options.seed}" + ("-dropout" if options.dropout else "")
    weights = HERE / "weights"
    weights.mkdir(exist_ok=True)

    def keep(file: str) -> None:
        torch.save(model.state_dict(), weights / file)

    step, started = 0, time.time()
    for epoch in range(options.epochs):
        order = torch.randperm(len(images), generator=shuffle)
        for start in range(0, len(images) - options.batch + 1, options.batch):
            if step in options.checkpoints:
                keep(f"step-{step:05d}.pt")
            picked = order[start : start + options.batch]
            loss = F.cross_entropy(model(jitter(images[picked], 2, shuffle)), labels[picked])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
        score = accuracy(model, test_images, test_labels)
        print(f"epoch {epoch + 1}: test accuracy {score:.4f}, {time.time() - started:.0f} s", flush=True)
    keep(f"{name}.pt")


if __name__ == "__main__":
    main()
