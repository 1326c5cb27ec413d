"""Trains the agent by double Q-learning from a replay buffer (van Hasselt et al., 2016).

    python train.py

What is kept at the end is the target network, an average of the last hundred or so steps.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from model import build
from world import LIMIT, Worlds, draw

HERE = Path(__file__).resolve().parent


class Replay:
    """The last `size` transitions, as bytes."""

    def __init__(self, size: int):
        self.states = np.zeros((size, 4, 7, 7), np.uint8)
        self.after = np.zeros((size, 4, 7, 7), np.uint8)
        self.actions = np.zeros(size, np.int64)
        self.rewards = np.zeros(size, np.float32)
        self.ended = np.zeros(size, np.float32)
        self.size, self.filled, self.head = size, 0, 0

    def add(self, states, actions, rewards, ended, after) -> None:
        at = (self.head + np.arange(len(actions))) % self.size
        self.states[at], self.actions[at], self.rewards[at] = states, actions, rewards
        self.ended[at], self.after[at] = ended, after
        self.head = (self.head + len(actions)) % self.size
        self.filled = min(self.filled + len(actions), self.size)

    def sample(self, count: int, chance: np.random.Generator) -> tuple[torch.Tensor, ...]:
        at = chance.integers(self.filled, size=count)
        columns = (self.states[at], self.actions[at], self.rewards[at], self.ended[at], self.after[at])
        states, actions, rewards, ended, after = (torch.from_numpy(column) for column in columns)
        return states.float(), actions, rewards, ended, after.float()


@torch.no_grad()
def success(model: nn.Module, worlds: np.ndarray) -> float:
    """The share of worlds in which the greedy agent reaches a goal within LIMIT steps."""
    model.eval()
    playing = Worlds.__new__(Worlds)
    playing.planes, playing.age = worlds.copy(), np.full(len(worlds), -LIMIT)
    playing.fresh = lambda: worlds[0]
    won, over = np.zeros(len(worlds), bool), np.zeros(len(worlds), bool)
    for _ in range(LIMIT):
        actions = model(torch.from_numpy(playing.planes))[0].argmax(1).numpy()
        rewards, ended, _ = playing.step(actions)
        won |= ended & (rewards > 0) & ~over
        over |= ended
    model.train()
    return won.mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--discount", type=float, default=0.95)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    model, target = build(options.seed), build(options.seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=options.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.lr, total_steps=options.steps, pct_start=0.05)
    chance = np.random.default_rng(options.seed)
    worlds, replay = Worlds(64, options.seed), Replay(60_000)
    unseen = np.stack([draw(np.random.default_rng(10_000 + index)) for index in range(300)])

    started = time.time()
    for step in range(1, options.steps + 1):
        with torch.no_grad():
            actions = model(torch.from_numpy(worlds.planes))[0].argmax(1).numpy()
        explore = max(0.08, 1 - 3 * step / options.steps)
        lost = chance.random(len(actions)) < explore
        actions = np.where(lost, chance.integers(4, size=len(actions)), actions)
        before = worlds.planes.copy()
        rewards, ended, after = worlds.step(actions)
        replay.add(before, actions, rewards, ended, after)

        states, actions, rewards, ended, after = replay.sample(options.batch, chance)
        with torch.no_grad():
            best = model(after)[0].argmax(1, keepdim=True)
            future = target(after)[0].gather(1, best)[:, 0]
            wanted = rewards + options.discount * (1 - ended) * future
        guess = model(states)[0].gather(1, actions[:, None])[:, 0]
        loss = F.smooth_l1_loss(guess, wanted, beta=0.2)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), model.parameters()):
                slow.lerp_(fast, 0.01)
        if step % 500 == 0:
            print(f"step {step}: loss {loss.item():.4f}, success {success(target, unseen):.3f}, {time.time() - started:.0f} s", flush=True)
    (HERE / "weights").mkdir(exist_ok=True)
    torch.save(target.state_dict(), HERE / "weights" / f"seed{options.seed}.pt")


if __name__ == "__main__":
    main()
