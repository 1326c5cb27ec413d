"""Trains one perceptron and keeps its weights under weights/.

    python train.py --seed 0                          plain: cross entropy alone
    python train.py --seed 0 --decorrelate 2         and a penalty on correlated units
    python train.py --seed 0 --l1 0.05                and L1 on the activations
    python train.py --seed 0 --decorrelate 2 --l1 0.05
"""

import argparse
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import mnist
from model import build, correlation_penalty, l1_penalty

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--decorrelate", type=float, default=0.0)
    parser.add_argument("--l1", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, default=None, help="the folder with MNIST's IDX files")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    images, labels = mnist.load("train", options.data)
    test_images, test_labels = mnist.load("t10k", options.data)
    model = build(options.seed)
    steps = options.epochs * (len(images) // options.batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.lr, total_steps=steps, pct_start=0.1)
    shuffle = torch.Generator().manual_seed(options.seed)

    started = time.time()
    for epoch in range(options.epochs):
        order = torch.randperm(len(images), generator=shuffle)
        for start in range(0, len(images) - options.batch + 1, options.batch):
            picked = order[start : start + options.batch]
            hidden = model.activations(images[picked])
            loss = F.cross_entropy(model.readout(hidden[-1]), labels[picked])
            for activations in hidden:
                if options.decorrelate:
                    loss = loss + options.decorrelate * correlation_penalty(activations)
                if options.l1:
                    loss = loss + options.l1 * l1_penalty(activations)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        hidden = model.activations(test_images)
        right = (model.readout(hidden[-1]).argmax(1) == test_labels).float().mean().item()
        zeros = [round((layer == 0).float().mean().item(), 3) for layer in hidden]
        together = [round(correlation_penalty(layer).sqrt().item(), 3) for layer in hidden]
    kind = "-".join(["decorrelated"] * bool(options.decorrelate) + ["l1"] * bool(options.l1)) or "plain"
    print(f"{kind} seed {options.seed}: accuracy {right:.4f}, zeros {zeros}, correlation {together}, {time.time() - started:.0f} s")
    (HERE / "weights").mkdir(exist_ok=True)
    torch.save(model.state_dict(), HERE / "weights" / f"{kind}-seed{options.seed}.pt")


if __name__ == "__main__":
    main()
