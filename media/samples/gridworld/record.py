"""Writes worlds to try the agent on, and records what it does in some of them.

    worlds.json       400 worlds that training never drew, each seven strings
    episodes.jsonl    twelve of them played by the agent: {world, actions, rewards, values, outcome, first}
    states.npy        every state of those episodes, [n, 4, 7, 7]; an episode's begin at row `first`
"""

import json
from pathlib import Path

import numpy as np
import torch

from model import build
from world import ACTIONS, LIMIT, Worlds, draw, show

HERE = Path(__file__).resolve().parent


class OneWorld(Worlds):
    """A single world that is not drawn anew."""

    def __init__(self, planes: np.ndarray):
        self.planes, self.age = planes[None].copy(), np.zeros(1, int)

    def fresh(self) -> np.ndarray:
        return self.planes[0]


@torch.no_grad()
def play(model: torch.nn.Module, planes: np.ndarray) -> tuple[dict, list[np.ndarray]]:
    """One greedy episode, and the states it went through."""
    world, states = OneWorld(planes), []
    episode = {"world": show(planes), "actions": [], "rewards": [], "values": [], "outcome": "lost its way"}
    for _ in range(LIMIT):
        state = world.planes.copy()
        q_values, value = model(torch.from_numpy(state))
        action = q_values.argmax(1).numpy()
        rewards, ended, _ = world.step(action)
        states.append(state[0])
        episode["actions"].append(ACTIONS[action[0]])
        episode["rewards"].append(round(float(rewards[0]), 2))
        episode["values"].append(round(value.item(), 3))
        if ended[0]:
            episode["outcome"] = "goal" if rewards[0] > 0 else "trap"
            break
    return episode, states


def main() -> None:
    worlds = [draw(np.random.default_rng(20_000 + index)) for index in range(400)]
    rows = ",\n".join("  " + json.dumps(show(planes)) for planes in worlds)
    (HERE / "worlds.json").write_text(f"[\n{rows}\n]\n")
    model = build().eval()
    model.load_state_dict(torch.load(HERE / "weights" / "seed0.pt"))
    lines, states = [], []
    for planes in worlds[:12]:
        episode, seen = play(model, planes)
        lines.append(json.dumps({**episode, "first": len(states)}) + "\n")
        states += seen
    (HERE / "episodes.jsonl").write_text("".join(lines))
    np.save(HERE / "states.npy", np.stack(states))
    print(len(states), "states")


if __name__ == "__main__":
    main()
