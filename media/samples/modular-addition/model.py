"""The one-layer transformer of "Progress measures for grokking via mechanistic interpretability" (Nanda et al., 2023).

It reads three tokens, `a b =`, and answers (a + b) mod 113 at the last. No layer norm, no biases but the MLP's.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PRIME = 113
EQUALS = PRIME  # the token after the 113 numbers


def scaled(*shape: int, width: int) -> nn.Parameter:
    """Normal numbers of deviation 1 / sqrt(width), as in the paper's code."""
    return nn.Parameter(torch.randn(*shape) / math.sqrt(width))


class Embedding(nn.Module):
    """A vector for each token plus one for each position."""

    def __init__(self, tokens: int, positions: int, width: int):
        super().__init__()
        self.token = scaled(tokens, width, width=width)
        self.position = scaled(positions, width, width=width)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.embedding(tokens, self.token) + self.position[: tokens.shape[1]]


class Attention(nn.Module):
    """Causal attention with `heads` heads of width / heads dimensions."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def split(self, x: Tensor) -> Tensor:
        """[batch, position, width] -> [batch, head, position, width / heads]"""
        batch, positions, width = x.shape
        return x.view(batch, positions, self.heads, width // self.heads).transpose(1, 2)

    def pattern(self, x: Tensor) -> Tensor:
        """How much each position (rows) looks at each earlier one (columns): [batch, head, position, position]"""
        query, key = self.split(self.query(x)), self.split(self.key(x))
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        return scores.masked_fill(future, -1e5).softmax(dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        mixed = self.pattern(x) @ self.split(self.value(x))
        return self.output(mixed.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.relu(self.up(x)))


class ModularAddition(nn.Module):
    """tokens [batch, 3] -> logits of the sum [batch, 113]."""

    def __init__(self, prime: int = PRIME, width: int = 128, heads: int = 4, hidden: int = 512):
        super().__init__()
        self.embed = Embedding(prime + 1, 3, width)
        self.attention = Attention(width, heads)
        self.mlp = MLP(width, hidden)
        self.unembed = nn.Linear(width, prime, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        residual = self.embed(tokens)
        residual = residual + self.attention(residual)
        residual = residual + self.mlp(residual)
        return self.unembed(residual[:, -1])


def build(seed: int = 0) -> ModularAddition:
    """An untrained network with the paper's initialisation."""
    torch.manual_seed(seed)
    model = ModularAddition()
    for name, weights in model.named_parameters():
        if name.endswith(".bias"):
            nn.init.zeros_(weights)
        elif name.startswith("unembed"):
            nn.init.normal_(weights, std=1 / math.sqrt(PRIME))
        elif not name.startswith("embed"):
            nn.init.normal_(weights, std=1 / math.sqrt(128))
    return model
