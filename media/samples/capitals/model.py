"""A decoder-only transformer, small enough to be looked into, that knows a thousand facts about countries."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Causal self-attention with the pattern written out, so that every head's weights are a value in the graph."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def split_heads(self, x: Tensor) -> Tensor:
        """[batch, position, width] -> [batch, head, position, width / heads]"""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query = self.split_heads(self.query(x))
        key = self.split_heads(self.key(x))
        value = self.split_heads(self.value(x))
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        pattern = F.softmax(scores + mask, dim=-1)
        mixed = (self.dropout(pattern) @ value).transpose(1, 2).flatten(2)
        return self.proj(mixed)


class MLP(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.fc_in = nn.Linear(width, hidden)
        self.act = nn.GELU()
        self.fc_out = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc_out(self.act(self.fc_in(x)))


class Block(nn.Module):
    """Attention and MLP, each behind a layer norm, each added to the residual stream."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, 4 * width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.dropout(self.attn(self.norm1(x), mask))
        return x + self.dropout(self.mlp(self.norm2(x)))


class Embedding(nn.Module):
    """A vector for each token plus one for each position."""

    def __init__(self, tokens: int, positions: int, width: int):
        super().__init__()
        self.token = nn.Embedding(tokens, width)
        self.position = nn.Embedding(positions, width)

    def forward(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.token(tokens) + self.position(places)


class Transformer(nn.Module):
    """input_ids [batch, position] -> logits of the next token [batch, position, tokens]."""

    def __init__(
        self,
        tokens: int,
        width: int = 64,
        layers: int = 4,
        heads: int = 4,
        positions: int = 32,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.embed = Embedding(tokens, positions, width)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.unembed = nn.Linear(width, tokens, bias=False)

    def causal_mask(self, x: Tensor) -> Tensor:
        """0 where a position may look, a very negative number where it may not: [position, position]"""
        length = x.shape[1]
        return torch.full((length, length), -1e4, device=x.device).triu(1)

    def forward(self, input_ids: Tensor) -> Tensor:
        x = self.embed(input_ids)
        mask = self.causal_mask(x)
        for block in self.blocks:
            x = block(x, mask)
        return self.unembed(self.norm(x))


def build(tokens: int, seed: int = 0, half: bool = False, dropout: float = 0.0) -> Transformer:
    """An untrained model; with `half`, one of half the parameters."""
    torch.manual_seed(seed)
    model = Transformer(tokens, width=40, dropout=dropout) if half else Transformer(tokens, dropout=dropout)
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return model
