"""Exports the networks of tiny.py by both exporters and records PyTorch's activations with Patchclamp's own recorder:
faithfully, and with one thing changed in PyTorch after the export (what a person would call a wrong export).

Run from the repository's root: python test/reference/compare/record.py
Needs numpy, onnx, onnxscript and torch.
"""

from pathlib import Path

import torch
from common import record, without_traces
from tiny import Picture, Text, build

OUT = Path(__file__).resolve().parent / "recordings"

torch.manual_seed(1)
INPUTS = {"picture": torch.randn(1, 1, 8, 8), "text": torch.randint(0, 11, (1, 6))}
KINDS = {"picture": Picture, "text": Text}
NAMES = {"picture": "image", "text": "tokens"}


def planted(name):
    """Changed copies by what was changed: the module that gives another value first is in the test."""
    if name == "picture":
        yield "batch-norm-eps", "body.norm", lambda m: setattr(m.body.norm, "eps", 0.3)
        yield "batch-norm-training", "body.norm", lambda m: m.body.norm.train()
        yield "dropout-training", "dropout", lambda m: m.dropout.train()
        yield "weight", "head", lambda m: m.head.weight.data.__setitem__((2, 1), 3.0)
    else:
        yield "gelu-tanh", "blocks.0.act", lambda m: setattr(m.blocks[0].act, "approximate", "tanh")
        yield "layer-norm-eps", "blocks.1.norm2", lambda m: setattr(m.blocks[1].norm2, "eps", 0.2)
        yield "key-bias", "blocks.1.attn.key", lambda m: m.blocks[1].attn.key.bias.data.add_(torch.linspace(-1, 1, 8))


OUT.mkdir(exist_ok=True)
for name, kind in KINDS.items():
    example = INPUTS[name]
    model = build(kind)
    program = torch.onnx.export(model, (example,), dynamo=True, opset_version=20, external_data=False, input_names=[NAMES[name]])
    program.save(OUT / f"{name}.onnx")
    without_traces(OUT / f"{name}.onnx")
    torch.onnx.export(
        build(kind), (example,), OUT / f"{name}.torchscript.onnx", dynamo=False, opset_version=17, input_names=[NAMES[name]]
    )
    record(build(kind), example, file=OUT / f"{name}.npz")
    for what, _, change in planted(name):
        changed = build(kind)
        change(changed)
        torch.manual_seed(3)
        record(changed, example, file=OUT / f"{name}-{what}.npz")
