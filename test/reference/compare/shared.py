"""A network whose modules are called as no tree says: one is called twice, with others in it, below one that is never
called, and gives two tensors of which one is left unused. Exported by both exporters, and recorded with Patchclamp's own
recorder: faithfully, and with one thing changed in PyTorch after the export.

Run from the repository's root: python test/reference/compare/shared.py
Needs numpy, onnx, onnxscript and torch.
"""

from pathlib import Path

import torch
from common import record, without_traces
from torch import Tensor, nn

OUT = Path(__file__).resolve().parent / "recordings"


class Inner(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.mix = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.mix(x))


class Core(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.ModuleList([Inner(width)])
        self.act = nn.Tanh()
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.layers[0](x)
        y = self.out(self.act(h)) + h
        return y, y.mean(dim=1)


class Holder(nn.Module):
    """Never called itself."""

    def __init__(self, width: int):
        super().__init__()
        self.core = Core(width)


class Shared(nn.Module):
    """signal [1, 3, 8] -> scores [1, 5]."""

    def __init__(self, width: int = 8):
        super().__init__()
        self.model = Holder(width)
        self.head = nn.Linear(width, 5)

    def forward(self, signal: Tensor) -> Tensor:
        again, _ = self.model.core(signal)
        return self.head(self.model.core(again)[1])


def build() -> nn.Module:
    torch.manual_seed(5)
    return Shared().eval()


torch.manual_seed(2)
signal = torch.randn(1, 3, 8)
names = {"input_names": ["signal"]}
program = torch.onnx.export(build(), (signal,), dynamo=True, opset_version=20, external_data=False, **names)
program.save(OUT / "shared.onnx")
without_traces(OUT / "shared.onnx")
torch.onnx.export(build(), (signal,), OUT / "shared.torchscript.onnx", dynamo=False, opset_version=17, **names)
record(build(), signal, file=OUT / "shared.npz")
changed = build()
changed.model.core.layers[0].norm.eps = 0.2
record(changed, signal, file=OUT / "shared-norm-eps.npz")
