"""A two-layer attention-only transformer whose weights are written by hand, so that its circuit is known.

It continues a repeated sequence: after `d k a m d k a` comes `m`. Nothing is trained. The residual stream has four
parts, each one-hot or empty:

    here      the token at this position        27 numbers (26 letters and [BOS])
    place     the position                      32
    before    the token one position earlier    27, written by head 0.0
    next      what comes next                   27, written by head 1.0, read by the unembedding

Head 0.0 is a previous-token head: position p looks at p - 1 and copies its `here` to its own `before`.
Head 1.0 is an induction head: it looks for a position whose `before` is this position's `here` (K-composition with
head 0.0) and copies that position's `here` to `next`. Where there is none, it rests on [BOS], whose value is zero.
Heads 0.1 and 1.1 look at their own position and write nothing: whatever finds a use for them is wrong.
"""

import math

import torch
from torch import Tensor, nn

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TOKENS = len(LETTERS) + 1
BOS = len(LETTERS)
POSITIONS = 32
HERE, PLACE, BEFORE, NEXT = 0, TOKENS, TOKENS + POSITIONS, 2 * TOKENS + POSITIONS
WIDTH = 3 * TOKENS + POSITIONS
HEADS, HEAD_WIDTH = 2, POSITIONS
SHARP = 30.0  # a score this much above the others leaves them exp(-30) of the attention
CERTAIN = 15.0  # the logit of a token that head 1.0 copied with full attention


class Heads(nn.Module):
    """Causal attention with each head's four matrices apart: query, key and value read, output writes."""

    def __init__(self):
        super().__init__()
        self.query = nn.Parameter(torch.zeros(HEADS, WIDTH, HEAD_WIDTH))
        self.key = nn.Parameter(torch.zeros(HEADS, WIDTH, HEAD_WIDTH))
        self.value = nn.Parameter(torch.zeros(HEADS, WIDTH, HEAD_WIDTH))
        self.output = nn.Parameter(torch.zeros(HEADS, HEAD_WIDTH, WIDTH))

    def pattern(self, x: Tensor) -> Tensor:
        """[batch, 1, position, width] -> [batch, head, position, position looked at]"""
        scores = (x @ self.query) @ (x @ self.key).transpose(-2, -1) / math.sqrt(HEAD_WIDTH)
        future = torch.ones(x.shape[-2], x.shape[-2], device=x.device).triu(1)
        return (scores - 1e4 * future).softmax(dim=-1)

    def results(self, x: Tensor) -> Tensor:
        """What each head writes: [batch, head, position, width]"""
        return self.pattern(x) @ (x @ self.value) @ self.output

    def forward(self, x: Tensor) -> Tensor:
        return self.results(x.unsqueeze(1)).sum(dim=1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = Heads()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.heads(x)


class Induction(nn.Module):
    """input_ids [batch, position], [BOS] first -> logits of the next token [batch, position, 27]."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(TOKENS, WIDTH)
        self.place = nn.Embedding(POSITIONS, WIDTH)
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.unembed = nn.Linear(WIDTH, TOKENS, bias=False)

    def forward(self, input_ids: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.embed(input_ids) + self.place(places)
        for layer in self.layers:
            x = layer(x)
        return self.unembed(x)


@torch.no_grad()
def build() -> Induction:
    """The model with its weights written in."""
    model = Induction()
    sharp = SHARP * math.sqrt(HEAD_WIDTH)
    token, position = torch.arange(TOKENS), torch.arange(POSITIONS)
    nn.init.zeros_(model.embed.weight)[token, HERE + token] = 1
    nn.init.zeros_(model.place.weight)[position, PLACE + position] = 1
    nn.init.zeros_(model.unembed.weight)[token, NEXT + token] = CERTAIN
    first, second = (layer.heads for layer in model.layers)

    # Head 0.0: the query of position p is the key of position p - 1, that of the first its own.
    first.query[0, PLACE + position, (position - 1).clamp(min=0)] = sharp
    first.key[0, PLACE + position, position] = 1
    first.value[0, HERE + token, token] = 1
    first.output[0, token, BEFORE + token] = 1

    # Head 1.0: the query is this token, the key the token before; [BOS] at position 0 answers every query by half.
    second.query[0, HERE + token, token] = sharp
    second.key[0, BEFORE + token, token] = 1
    second.key[0, PLACE, token] = 0.5
    second.value[0, HERE + token[:BOS], token[:BOS]] = 1
    second.output[0, token, NEXT + token] = 1

    # Heads 0.1 and 1.1 look at themselves and read the token, but write nothing.
    for heads in (first, second):
        heads.query[1, PLACE + position, position] = sharp
        heads.key[1, PLACE + position, position] = 1
        heads.value[1, HERE + token, token] = 1
    return model
