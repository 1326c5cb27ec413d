"""An attention-only transformer: layers of heads that read from and write to one residual stream."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Heads(nn.Module):
    """Causal attention with each head's four matrices apart: query, key and value read, output writes."""

    def __init__(self, width: int, heads: int, head_width: int):
        super().__init__()
        self.query = nn.Parameter(torch.randn(heads, width, head_width) / math.sqrt(width))
        self.key = nn.Parameter(torch.randn(heads, width, head_width) / math.sqrt(width))
        self.value = nn.Parameter(torch.randn(heads, width, head_width) / math.sqrt(width))
        self.output = nn.Parameter(torch.randn(heads, head_width, width) / math.sqrt(heads * head_width))
        self.scale = 1 / math.sqrt(head_width)

    def pattern(self, x: Tensor) -> Tensor:
        """[batch, 1, position, width] -> [batch, head, position, position looked at]"""
        scores = (x @ self.query) @ (x @ self.key).transpose(-2, -1) * self.scale
        future = torch.ones(x.shape[-2], x.shape[-2], device=x.device).triu(1)
        return (scores - 1e4 * future).softmax(dim=-1)

    def results(self, x: Tensor) -> Tensor:
        """What each head writes: [batch, head, position, width]"""
        return self.pattern(x) @ (x @ self.value) @ self.output

    def forward(self, x: Tensor) -> Tensor:
        return self.results(x.unsqueeze(1)).sum(dim=1)


class Layer(nn.Module):
    """Heads behind a layer norm, added to the residual stream."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.heads = Heads(width, heads, width // heads)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.heads(self.norm(x))


class AttentionOnly(nn.Module):
    """input_ids [batch, position] -> logits of the next token [batch, position, tokens].

    The tokens' vectors are random, of length 1, and are not trained; the unembedding is the same matrix. With learned
    vectors the model memorises its names (held-out names: 75 % right); with these it has to compare and copy them.
    """

    def __init__(self, tokens: int, width: int, layers: int, heads: int, positions: int):
        super().__init__()
        self.embed = nn.Embedding(tokens, width)
        self.place = nn.Embedding(positions, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.unembed = nn.Linear(width, tokens, bias=False)
        self.unembed.weight = self.embed.weight
        self.embed.weight.requires_grad_(False)
        nn.init.normal_(self.place.weight, std=0.1)
        self.draw_vectors(first=0)

    @torch.no_grad()
    def draw_vectors(self, first: int) -> None:
        """New random vectors for the tokens from `first` on."""
        self.embed.weight[first:] = F.normalize(torch.randn_like(self.embed.weight[first:]), dim=1)

    def forward(self, input_ids: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.embed(input_ids) + self.place(places)
        for layer in self.layers:
            x = layer(x)
        return self.unembed(self.norm(x))


def build(tokens: int, seed: int = 0) -> AttentionOnly:
    """The indirect-object model, untrained: 3 layers of 4 heads."""
    torch.manual_seed(seed)
    return AttentionOnly(tokens, width=64, layers=3, heads=4, positions=32)
