"""Milliseconds of PyTorch's forward and backward for the same question as gradients.bench.ts asks: reads a count a line
and answers each with a JSON list of so many turns' times.

    autograd_peer.py gpt2      a model of GPT-2 small's size, 15 tokens: gradients at every MLP's units
    autograd_peer.py resnet    a network of ResNet-18's size, its norms folded away: the gradient at one image
    autograd_peer.py digits    the digits sample's network: the gradient at one image

No gradient of a weight is taken, as none is taken there. Run with the Python that PATCHCLAMP_PYTHON names. Needs torch.
"""

import json
import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS, WIDTH, HEADS, VOCABULARY, LENGTH = 12, 768, 12, 50257, 15


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.o = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fc, self.proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, units):
        batch, length, _ = x.shape
        q, k, v = (part.view(batch, length, HEADS, -1).transpose(1, 2) for part in self.qkv(self.ln1(x)).split(WIDTH, 2))
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(z.transpose(1, 2).reshape(batch, length, WIDTH))
        units.append(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))
        return x + self.proj(units[-1])


class GPT2(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(1024, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids):
        units = []
        x = (self.tokens(ids) + self.positions.weight[: ids.shape[1]]).requires_grad_()
        for block in self.blocks:
            x = block(x, units)
        return self.head(self.norm(x)), units


def gpt2():
    model = GPT2().eval().requires_grad_(False)
    ids = torch.randint(0, VOCABULARY, (1, LENGTH))

    def once():
        logits, units = model(ids)
        torch.autograd.grad(logits[0, -1, 42], units)

    return once


class Residual(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, stride, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        self.shortcut = nn.Identity() if channels == width else nn.Conv2d(channels, width, 1, stride)

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


def resnet():
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [Residual(a, b, 1 if a == b else 2) for a, b in zip(widths, widths[1:])]
    stem = [nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    return at_image(nn.Sequential(*stem, *blocks, *head), torch.randn(1, 3, 224, 224))


def at_image(model, image):
    model.eval().requires_grad_(False)

    def once():
        x = image.clone().requires_grad_()
        torch.autograd.grad(model(x)[0, 7], x)

    return once


def digits():
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "media/samples/digits"))
    from model import build

    return at_image(build(), torch.randn(1, 1, 28, 28))


once = {"gpt2": gpt2, "resnet": resnet, "digits": digits}[sys.argv[1]]()
for line in sys.stdin:
    times = []
    for turn in range(int(line)):
        start = time.perf_counter()
        once()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps(times), flush=True)
