"""Trains the modular-addition transformer through grokking: full batches of 30 % of all pairs, strong weight decay.

    python train.py

Keeps weights/step-N.pt at the steps of CHECKPOINTS and weights/final.pt at the end, and a curve in curve.json.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from model import EQUALS, PRIME, ModularAddition, build

HERE = Path(__file__).resolve().parent
CHECKPOINTS = (0, 200, 1000, 3000, 5000, 6000, 7000, 7500, 8000, 8500, 9000)


def pairs() -> tuple[Tensor, Tensor]:
    """All 12,769 questions [n, 3], a slowest, and their answers [n]."""
    a, b = torch.meshgrid(torch.arange(PRIME), torch.arange(PRIME), indexing="ij")
    a, b = a.flatten(), b.flatten()
    return torch.stack([a, b, torch.full_like(a, EQUALS)], dim=1), (a + b) % PRIME


def answers(model: ModularAddition, tokens: Tensor) -> Tensor:
    """The logits of model(tokens), without the MLP's work at the positions that nothing reads."""
    residual = model.embed(tokens)
    last = residual[:, -1:] + model.attention(residual)[:, -1:]
    return model.unembed((last + model.mlp(last))[:, 0])


def loss_of(logits: Tensor, wanted: Tensor) -> Tensor:
    # float32 log-softmax loses the last digits of a loss near 0, and the gradient then has spikes
    return F.cross_entropy(logits.double(), wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    model = build(options.seed)
    tokens, sums = pairs()
    order = torch.randperm(len(tokens), generator=torch.Generator().manual_seed(options.seed))
    train, test = order[: int(0.3 * len(order))], order[int(0.3 * len(order)) :]
    with torch.no_grad():
        torch.testing.assert_close(answers(model, tokens[:500]), model(tokens[:500]), rtol=1e-4, atol=1e-4)

    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1.0, betas=(0.9, 0.98))
    warmup = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min((step + 1) / 10, 1.0))
    weights = HERE / "weights"
    weights.mkdir(exist_ok=True)

    curve, started = [], time.time()
    for step in range(options.steps + 1):
        if step in CHECKPOINTS:
            torch.save(model.state_dict(), weights / f"step-{step:05d}.pt")
        if step % 100 == 0:
            with torch.no_grad():
                logits = answers(model, tokens)
                hits = (logits.argmax(1) == sums).float()
                curve.append(
                    {
                        "step": step,
                        "trainLoss": loss_of(logits[train], sums[train]).item(),
                        "testLoss": loss_of(logits[test], sums[test]).item(),
                        "trainAccuracy": hits[train].mean().item(),
                        "testAccuracy": hits[test].mean().item(),
                    }
                )
            print(json.dumps(curve[-1]), f"{time.time() - started:.0f} s", flush=True)
            # Clean-up goes on after the last error is gone: 1,500 steps at 100 % end the run.
            if len(curve) > 15 and all(point["testAccuracy"] == 1.0 for point in curve[-15:]):
                break
        loss = loss_of(answers(model, tokens[train]), sums[train])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        warmup.step()

    torch.save(model.state_dict(), weights / "final.pt")
    torch.save(train, weights / "train-pairs.pt")
    (HERE / "curve.json").write_text("[\n" + ",\n".join(json.dumps(point) for point in curve) + "\n]\n")


if __name__ == "__main__":
    main()
