"""A small decoder of the Llama kind: RMS norms, rotary positions, gated MLPs, no biases."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RMSNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + 1e-5) * self.weight


class Rotary(nn.Module):
    """The angles by which a query or key at each position is turned."""

    def __init__(self, head_width: int, positions: int):
        super().__init__()
        speed = 10_000 ** -(torch.arange(0, head_width, 2) / head_width)
        angles = torch.arange(positions).unsqueeze(1) * speed.repeat(2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def turn(self, x: Tensor) -> Tensor:
        """x [batch, head, position, head width], each half-pair of numbers turned by its position's angle"""
        length = x.shape[2]
        left, right = x.chunk(2, dim=-1)
        return x * self.cos[:length] + torch.cat((-right, left), dim=-1) * self.sin[:length]


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, rotary: Rotary):
        super().__init__()
        self.heads = heads
        self.rotary = rotary
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def split_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query = self.rotary.turn(self.split_heads(self.query(x)))
        key = self.rotary.turn(self.split_heads(self.key(x)))
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        pattern = F.softmax(scores + mask, dim=-1)
        mixed = (pattern @ self.split_heads(self.value(x))).transpose(1, 2).flatten(2)
        return self.output(mixed)


class GatedMLP(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class DecoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, rotary: Rotary):
        super().__init__()
        self.attention_norm = RMSNorm(width)
        self.attention = Attention(width, heads, rotary)
        self.mlp_norm = RMSNorm(width)
        self.mlp = GatedMLP(width, hidden)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), mask)
        return x + self.mlp(self.mlp_norm(x))


class Decoder(nn.Module):
    """input_ids [batch, position] -> logits of the next token [batch, position, tokens]."""

    def __init__(self, tokens: int, width: int = 64, layers: int = 4, heads: int = 4, hidden: int = 176, positions: int = 40):
        super().__init__()
        self.embed = nn.Embedding(tokens, width)
        rotary = Rotary(width // heads, positions)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, hidden, rotary) for _ in range(layers))
        self.norm = RMSNorm(width)
        self.unembed = nn.Linear(width, tokens, bias=False)

    def causal_mask(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        return torch.full((length, length), -1e4, device=x.device).triu(1)

    def forward(self, input_ids: Tensor) -> Tensor:
        x = self.embed(input_ids)
        mask = self.causal_mask(x)
        for layer in self.layers:
            x = layer(x, mask)
        return self.unembed(self.norm(x))


def build(tokens: int, seed: int = 0) -> Decoder:
    """An untrained model."""
    torch.manual_seed(seed)
    model = Decoder(tokens)
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
    return model
