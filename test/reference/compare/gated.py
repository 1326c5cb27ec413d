"""A network as today's language models are made (RMS norms, rotary positions, grouped queries, a gated MLP), and what
onnxruntime's dynamic quantisation and its optimiser make of it: sums of codes that two products make floats of, factors and
transpositions moved into the products after them. And a chain of convolutions whose activations kernels on codes take in.

Run from the repository's root: python test/reference/compare/gated.py
Needs numpy, onnx, onnxruntime, onnxscript and torch.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from common import without_traces
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from torch import Tensor, nn
from torch.nn import functional as F

OUT = Path(__file__).resolve().parent / "recordings"
WIDTH, HEADS, GROUPS, TOKENS = 16, 4, 2, 12


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.size = WIDTH // HEADS
        self.query = nn.Linear(WIDTH, HEADS * self.size, bias=False)
        self.key = nn.Linear(WIDTH, GROUPS * self.size, bias=False)
        self.value = nn.Linear(WIDTH, GROUPS * self.size, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)

    def turned(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[2], dtype=torch.float32)[:, None] / 10 ** torch.arange(self.size // 2)
        angles = torch.cat([places, places], dim=-1)
        left, right = x.chunk(2, dim=-1)
        return x * angles.cos() + torch.cat([-right, left], dim=-1) * angles.sin()

    def forward(self, x: Tensor) -> Tensor:
        def heads(y: Tensor) -> Tensor:
            return y.view(*y.shape[:2], -1, self.size).transpose(1, 2)

        query, key, value = self.turned(heads(self.query(x))), self.turned(heads(self.key(x))), heads(self.value(x))
        key, value = (y.repeat_interleave(HEADS // GROUPS, dim=1) for y in (key, value))
        given = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.out(given.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(WIDTH), nn.RMSNorm(WIDTH)
        self.attn = Attention()
        self.gate, self.up = (nn.Linear(WIDTH, 2 * WIDTH, bias=False) for _ in range(2))
        self.down = nn.Linear(2 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Gated(nn.Module):
    """tokens [1, 6] -> logits [1, 6, 12]."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(TOKENS, WIDTH)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.norm = nn.RMSNorm(WIDTH)
        self.head = nn.Linear(WIDTH, TOKENS, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Chain(nn.Module):
    """image [1, 1, 6, 6] -> maps [1, 2, 6, 6]."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(1, 4, 1, bias=False)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
        self.reduce = nn.Conv2d(4, 2, 1, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        return self.reduce(F.relu6(self.depthwise(F.relu6(self.expand(image)))))


class Pictures(CalibrationDataReader):
    def __init__(self):
        random = np.random.default_rng(0)
        self.left = iter([{"image": random.standard_normal((1, 1, 6, 6), np.float32)} for _ in range(16)])

    def get_next(self):
        return next(self.left, None)


def export(name: str, model: nn.Module, feed: str, example: Tensor) -> Path:
    """The model in a file without stack traces, which name folders of the machine that exported, and its input beside it."""
    file = OUT / f"{name}.onnx"
    np.save(OUT / f"{name}.{feed}.npy", example.numpy())
    torch.onnx.export(
        model.eval(), (example,), dynamo=True, opset_version=20, external_data=False, input_names=[feed]
    ).save(file)
    exported = without_traces(file)
    # The quantiser infers shapes anew, and stumbles over those that are there.
    del exported.graph.value_info[:]
    onnx.save(exported, file)
    return file


torch.manual_seed(11)
tokens = torch.randint(0, TOKENS, (1, 6))
gated = export("gated", Gated(), "tokens", tokens)
quantize_dynamic(gated, OUT / "gated.dynamic.onnx", weight_type=QuantType.QInt8)
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
options.optimized_model_filepath = str(OUT / "gated.optimised.onnx")
onnxruntime.InferenceSession(gated, options)

chain = export("chain", Chain(), "image", torch.randn(1, 1, 6, 6))
quantize_static(chain, OUT / "chain.codes.onnx", Pictures(), quant_format=QuantFormat.QOperator)
