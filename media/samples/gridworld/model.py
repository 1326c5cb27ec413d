"""A duelling Q-network (Wang et al., 2016) for the worlds of world.py."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SpatialBlock(nn.Module):
    """A convolution that keeps the 7 x 7 grid, added to what came in."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.conv(x))


class Trunk(nn.Module):
    """Sees the whole world: state [batch, 4, 7, 7] -> features [batch, hidden]."""

    def __init__(self, planes: int, channels: int, blocks: int, hidden: int):
        super().__init__()
        self.look = nn.Conv2d(planes, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(SpatialBlock(channels) for _ in range(blocks)))
        self.gather = nn.Linear(channels * 7 * 7, hidden)

    def forward(self, state: Tensor) -> Tensor:
        grid = self.blocks(F.relu(self.look(state)))
        return F.relu(self.gather(grid.flatten(1)))


class Agent(nn.Module):
    """state [batch, 4, 7, 7] -> q_values of up, down, left, right [batch, 4] and the state's value [batch, 1].

    The two heads say how good the state is on average and how much better each action is than that; the state's
    value is that of going on greedily, the largest q_value.
    """

    def __init__(self, planes: int = 4, channels: int = 32, blocks: int = 4, hidden: int = 96, actions: int = 4):
        super().__init__()
        self.trunk = Trunk(planes, channels, blocks, hidden)
        self.average = nn.Linear(hidden, 1)
        self.advantage = nn.Linear(hidden, actions)

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(state)
        advantage = self.advantage(features)
        q_values = self.average(features) + advantage - advantage.mean(dim=1, keepdim=True)
        return q_values, q_values.amax(dim=1, keepdim=True)


def build(seed: int = 0) -> Agent:
    """An untrained agent."""
    torch.manual_seed(seed)
    return Agent()
