"""Writes kinks.json: the slopes PyTorch's autograd gives to piecewise functions where they bend, at infinities and at NaN.

    python test/reference/gradients/kinks.py

Needs torch (2.13 made the file). Each function sees its numbers many times over, so that it takes PyTorch's path for whole
registers: for single numbers elu, celu and selu let the gradient through at NaN, and for many give NaN.
"""

import json
import pathlib

import torch
from torch.nn import functional as F

PLACES = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 2.5, -2.5]
TIMES = 64
CASES = [
    ("Relu", {}, F.relu),
    ("LeakyRelu", {"alpha": 0.125}, lambda x: F.leaky_relu(x, 0.125)),
    ("PRelu", {"slope": 0.25}, lambda x: F.prelu(x, torch.tensor([0.25]))),
    ("Elu", {"alpha": 1.5}, lambda x: F.elu(x, 1.5)),
    ("Celu", {"alpha": 2.5}, lambda x: F.celu(x, 2.5)),
    ("Selu", {}, F.selu),
    ("Clip", {"min": -0.5, "max": 0.5}, lambda x: x.clamp(-0.5, 0.5)),
    ("Clip", {"min": -0.5}, lambda x: x.clamp(min=-0.5)),
    ("Clip", {"max": 0.5}, lambda x: x.clamp(max=0.5)),
    ("HardSigmoid", {"alpha": 1 / 6}, F.hardsigmoid),
    ("HardSwish", {}, F.hardswish),
]


def slopes(function):
    x = torch.tensor(PLACES * TIMES, requires_grad=True)
    (gradient,) = torch.autograd.grad(function(x).sum(), x)
    first, *others = gradient.reshape(TIMES, -1)
    assert all(torch.equal(first.nan_to_num(7), other.nan_to_num(7)) for other in others)
    return first.tolist()


def text(numbers):
    return [str(number) for number in numbers]


rows = [{"op": op, "settings": settings, "slopes": text(slopes(f))} for op, settings, f in CASES]
path = pathlib.Path(__file__).with_name("kinks.json")
path.write_text(json.dumps({"torch": torch.__version__, "places": text(PLACES), "cases": rows}, indent=2) + "\n")
