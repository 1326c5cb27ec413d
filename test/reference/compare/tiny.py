"""Two small networks with what makes comparing hard: folded batch norms, one module called twice, several outputs."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNorm(nn.Module):
    def __init__(self, channels_in: int, channels_out: int):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class Picture(nn.Module):
    """image [1, 1, 8, 8] -> scores [1, 5]."""

    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(1, 4)
        self.act = nn.ReLU()
        self.body = ConvNorm(4, 4)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(4, 5)

    def forward(self, image: Tensor) -> Tensor:
        x = self.act(self.stem(image))
        x = self.act(self.body(x) + x)
        return self.head(self.dropout(x.mean(dim=(2, 3))))


class Attention(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.query(x) @ self.key(x).transpose(1, 2) / x.shape[-1] ** 0.5
        pattern = scores.softmax(dim=-1)
        return pattern @ self.value(x), pattern


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.act = nn.GELU()
        self.down = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))[0]
        return x + self.down(self.act(self.up(self.norm2(x))))


class Text(nn.Module):
    """tokens [1, 6] -> logits [1, 6, 11]."""

    def __init__(self, width: int = 8):
        super().__init__()
        self.embed = nn.Embedding(11, width)
        self.blocks = nn.ModuleList([Block(width), Block(width)])
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.embed.weight)


def build(kind: type[nn.Module]) -> nn.Module:
    """Seeded, with batch norms that have seen data."""
    torch.manual_seed(7)
    model = kind()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 1.5)
            nn.init.normal_(module.weight, 1, 0.2)
    return model.eval()
