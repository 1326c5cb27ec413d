"""One full forward pass of a model of GPT-2 small's size per line of input; prints the milliseconds of each.

Run by sweep.bench.ts with the Python that PATCHCLAMP_PYTHON names. Needs torch.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS, WIDTH, HEADS, VOCABULARY, LENGTH = (int(argument) for argument in sys.argv[1:6])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.o = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fc, self.proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = (part.view(batch, length, HEADS, -1).transpose(1, 2) for part in self.qkv(self.ln1(x)).split(WIDTH, 2))
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(z.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.proj(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(1024, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.tokens(ids) + self.positions.weight[: ids.shape[1]])))


with torch.inference_mode():
    model = GPT2().eval()
    ids = torch.randint(0, VOCABULARY, (1, LENGTH))
    for _ in range(3):
        model(ids)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        model(ids)
        print((time.perf_counter() - start) * 1e3, flush=True)
