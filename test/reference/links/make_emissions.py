"""Writes down which operations PyTorch's exporter leaves for one Python call or operator: emissions.json.

    python make_emissions.py

The expressions below are exported with static and with dynamic sizes, in two dtypes, with operands as they come in practice
(scalars on either side, broadcasting, slices that are not contiguous). Collected are the targets of the exported
program's operations after the exporter's own decompositions, the ones that `class_hierarchy` names. An expression that holds a
second call (`x.view(x.shape[0], 24)`) leaves that call's operations too. Nothing is changed in place here: PyTorch makes
views of what was changed again, wherever they are next used, and the linker rules nothing out for them then.
src/source/emissions.ts says what is possible; the test holds it against this.
"""
import json
import math
import os
import re
import sys
import warnings

import torch
from torch import nn
from torch.fx.proxy import TracerBase
from torch.nn import functional as F
from torch.onnx._internal.exporter import _core, _registration

HERE = os.path.dirname(os.path.abspath(__file__))
# Name as the linker sees it -> expressions over x [2, 4, 6], y alike, i numbers, m a mask, w [6, 6] and views of them.
CALLS = {
    "+": ["x + y", "x + 1", "1.5 + x", "x + i", "i + 1", "x + s", "x + m"],
    "-": ["x - y", "x - 1", "1 - x", "i - 1", "x - i"],
    "*": ["x * y", "x * 2", "0.5 * x", "i * 2", "i * 0.5", "x * m", "x * i", "x * math.sqrt(6)"],
    "/": ["x / y", "x / 2", "1 / x", "i / 2", "x / i", "x / math.sqrt(x.shape[-1])"],
    "//": ["i // 2", "x // 2"],
    "%": ["i % 2", "x % 2"],
    "**": ["x ** 2", "x ** 0.5", "2 ** x", "x ** y", "x ** 3", "x ** -1", "x ** -0.5"],
    "square": ["x.square()", "torch.square(x)"],
    "neg": ["-x", "-i", "x.neg()"],
    "<": ["x < y", "x < 0", "i < 3"],
    "<=": ["x <= y", "i <= 3"],
    ">": ["x > y", "x > 0"],
    ">=": ["x >= y", "i >= 3"],
    "==": ["x == y", "i == 3"],
    "!=": ["x != y", "i != 3"],
    "bitwise_not": ["~m", "torch.logical_not(m)"],
    "@": ["x @ w", "x @ t", "w @ w", "x @ r", "torch.matmul(x, t)", "torch.bmm(x, t)", "torch.mm(w, w)"],
    "softmax": ["F.softmax(x, dim=-1)", "x.softmax(1)", "F.softmax(x, -1, dtype=torch.float64)", "torch.softmax(t, -1)"],
    "log_softmax": ["F.log_softmax(x, dim=-1)", "x.log_softmax(-1)"],
    "relu": ["F.relu(x)", "x.relu()", "torch.relu(x)"],
    "sigmoid": ["torch.sigmoid(x)", "x.sigmoid()", "F.sigmoid(x)"],
    "tanh": ["torch.tanh(x)", "x.tanh()"],
    "silu": ["F.silu(x)"],
    "gelu": ["F.gelu(x)", "F.gelu(x, approximate='tanh')"],
    "exp": ["x.exp()", "torch.exp(i)"],
    "log": ["x.log()", "torch.log(i)"],
    "sqrt": ["x.sqrt()", "torch.sqrt(i)"],
    "rsqrt": ["x.rsqrt()", "torch.rsqrt(y)"],
    "sin": ["x.sin()", "torch.sin(i)"],
    "cos": ["x.cos()"],
    "abs": ["x.abs()", "abs(x)"],
    "erf": ["torch.erf(x)"],
    "amax": ["x.amax(-1)"],
    "amin": ["x.amin(-1)"],
    "maximum": ["torch.maximum(x, y)"],
    "minimum": ["torch.minimum(x, y)"],
    "mean": ["x.mean()", "x.mean(-1)", "x.mean(dim=(1, 2), keepdim=True)", "x.mean(1, dtype=torch.float64)"],
    "sum": ["x.sum()", "x.sum(-1)", "x.sum((1, 2))", "i.sum(1)", "m.sum(-1)", "x.sum(1, dtype=torch.float64)"],
    "cumsum": ["x.cumsum(1)", "m.cumsum(1)"],
    "cat": ["torch.cat([x, y], 1)", "torch.cat((x, x), dim=-1)", "torch.cat([x, i], 0)"],
    "stack": ["torch.stack([x, y])", "torch.stack([x, y], -1)"],
    "transpose": ["x.transpose(1, 2)", "x.transpose(-2, -1)", "torch.transpose(i, 0, 1)", "x.swapaxes(0, 1)"],
    "permute": ["x.permute(0, 2, 1)", "torch.permute(x, (2, 0, 1))"],
    "T": ["w.T", "x.mT", "w.t()"],
    "unsqueeze": ["x.unsqueeze(0)", "x.unsqueeze(-1)", "torch.unsqueeze(i, 1)"],
    "squeeze": ["u.squeeze(1)", "x.squeeze()", "s.squeeze(1)"],
    "view": ["x.view(2, -1)", "x.view(-1, 6)", "x.view(x.shape[0], 24)", "x.view(2, 4, 3, 2)"],
    "reshape": ["x.reshape(2, -1)", "t.reshape(2, -1)", "torch.reshape(t, (-1, 4))", "x.reshape(x.shape[0], -1)"],
    "flatten": ["x.flatten(1)", "t.flatten(1)", "torch.flatten(x, 1)", "t.flatten()", "t.flatten(2)"],
    "unflatten": ["x.unflatten(-1, (2, 3))", "x.unflatten(-1, (2, -1))", "t.unflatten(1, (3, 2))"],
    "expand": ["s.expand(-1, 4, -1)", "s.expand_as(x)"],
    "chunk": ["x.chunk(2, -1)[0]", "torch.chunk(x, 3, dim=-1)[1]", "x.chunk(2, 1)[1]"],
    "split": ["x.split(2, -1)[0]", "x.split([2, 4], -1)[1]", "torch.split(x, 3, dim=-1)[0]"],
    "unbind": ["x.unbind(1)[0]", "torch.unbind(x, 2)[1]"],
    "masked_fill": ["x.masked_fill(m, -1e9)", "x.masked_fill(m, 0)", "x.masked_fill(m, float('-inf'))"],
    "where": ["torch.where(m, x, y)", "torch.where(m, x, 0.0)", "torch.where(m, 1, 0)"],
    "triu": ["x.triu(1)", "torch.triu(w)", "n.triu(1)"],
    "tril": ["x.tril()", "torch.tril(w)"],
    "full": ["torch.full((4, 4), -1e4)", "torch.full((x.shape[1], x.shape[1]), -1e4)"],
    "ones": ["torch.ones(4, 4)", "torch.ones(x.shape[1], 2, dtype=torch.bool)", "torch.ones(x.shape[:2])"],
    "zeros": ["torch.zeros(4)", "torch.zeros(x.shape[1], 2)"],
    "arange": ["torch.arange(4)", "torch.arange(x.shape[1])", "torch.arange(0, x.shape[1], 2)", "torch.arange(4.0)"],
    "embedding": ["F.embedding(i, w)"],
    "linear": ["F.linear(x, w)", "F.linear(x, w, r)", "F.linear(u, w)"],
    "getitem": [
        "x[:, -1]", "x[0]", "x[:, 1:3]", "x[..., ::2]", "x[:, None]", "x[i[:, 0]]", "x[:, :x.shape[1] - 1]",
        "x[:, i[0]]", "x[..., :3, -1]", "w[i]",
    ],
    "shape": ["x.reshape(x.shape[0], x.shape[1] * x.shape[2])"],
    "contiguous": ["t.contiguous()", "x.contiguous()", "x.clone()"],
    "float": ["i.float()", "x.float()", "m.float()", "x.double()", "x.to(torch.float64)", "x.long()", "m.int()", "x.bool()", "x.half()"],
    "dropout": ["F.dropout(x, 0.1, training=False)", "F.dropout(x, 0.0)"],
    "layer_norm": ["F.layer_norm(x, (6,))", "F.layer_norm(x, (6,), r, r)"],
}


def inputs(dtype):
    g = torch.Generator().manual_seed(0)
    x, y = (torch.rand(2, 4, 6, generator=g).to(dtype) + 1 for _ in range(2))
    i = torch.randint(0, 2, (2, 4, 6), generator=g)
    return x, y, i, x > 1.5, torch.rand(6, 6, generator=g).to(dtype), i[:, :, 0].contiguous()


def evaluate(expression, x, y, i, m, w, ids):
    names = {"torch": torch, "F": F, "math": math, "x": x, "y": y, "m": m, "w": w, "i": i}
    if "embedding" in expression or "w[i]" in expression or "i[:, 0]" in expression:
        names["i"] = ids
    made = {"t": lambda: x.transpose(1, 2), "s": lambda: x[:, :1], "u": lambda: x.unsqueeze(1), "r": lambda: w[0], "n": lambda: m[0]}
    names.update({name: make() for name, make in made.items() if re.search(rf"\b{name}\b", expression)})
    return lambda: eval(expression, names)


class Everything(nn.Module):
    """Evaluates each expression, and says which one is being evaluated."""

    def __init__(self, works):
        super().__init__()
        self.works = works

    def forward(self, *args):
        results = []
        for name, expression in self.works:
            call = evaluate(expression, *args)
            CURRENT.append(name)
            made = call()
            CURRENT.pop()
            results.append(made.clone())
        return tuple(results)


CURRENT = []


def emissions(dtype, dynamic):
    args = inputs(dtype)
    works = []
    for name, expressions in CALLS.items():
        for expression in expressions:
            try:
                evaluate(expression, *args)()
                works.append((name, expression))
            except Exception as error:
                print(f"  {expression} with {dtype}: {type(error).__name__}", file=sys.stderr)
    shapes = tuple({1: torch.export.Dim.AUTO} if dynamic and a.dim() == 3 else None for a in args)
    create = TracerBase.create_node

    def create_node(self, *args, **kwargs):
        node = create(self, *args, **kwargs)
        if node.op == "call_function":
            node.meta["custom"] = {"name": CURRENT[-1] if CURRENT else "", **(node.meta.get("custom") or {})}
        return node

    TracerBase.create_node = create_node
    try:
        program = torch.export.export(Everything(works), args, dynamic_shapes=(shapes,), strict=False)
    finally:
        TracerBase.create_node = create
    registry = _registration.ONNXRegistry.from_torchlib()
    program = _core._prepare_exported_program_for_export(program, registry=registry)
    found = {}
    for node in program.graph.nodes:
        name = (node.meta.get("custom") or {}).get("name")
        if name:
            found.setdefault(name, set()).add(str(node.target))
    return found


def main():
    warnings.filterwarnings("ignore")
    result = {name: set() for name in CALLS}
    for dtype in (torch.float32, torch.float16):
        for dynamic in (False, True):
            for name, found in emissions(dtype, dynamic).items():
                result[name] |= found
    with open(os.path.join(HERE, "emissions.json"), "w") as file:
        lines = [f"  {json.dumps(name)}: {json.dumps(sorted(found))}" for name, found in result.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
