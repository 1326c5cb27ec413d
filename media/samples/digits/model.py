"""A small residual network with batch norm that reads handwritten digits."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNorm(nn.Module):
    """A convolution without bias, followed by batch norm."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(
            channels_in, channels_out, kernel, stride=stride, padding=kernel // 2, bias=False
        )
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut: relu(x + f(x)).

    Where the block changes the number of channels or the resolution, the shortcut is a 1 x 1
    convolution; elsewhere it is the input itself.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__()
        self.first = ConvNorm(channels_in, channels_out, stride=stride)
        self.second = ConvNorm(channels_out, channels_out)
        if stride != 1 or channels_in != channels_out:
            self.shortcut = ConvNorm(channels_in, channels_out, kernel=1, stride=stride)
        else:
            self.shortcut = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(self.first(x))
        return F.relu(self.second(hidden) + self.shortcut(x))


class Stem(nn.Module):
    """The first look at the pixels, at full resolution, then halved."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = ConvNorm(1, channels)
        self.pool = nn.MaxPool2d(2)

    def forward(self, image: Tensor) -> Tensor:
        return self.pool(F.relu(self.conv(image)))


class Digits(nn.Module):
    """image [batch, 1, 28, 28], normalised with mean 0.1307 and deviation 0.3081 -> logits [batch, 10]."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64), classes: int = 10, dropout: float = 0.0):
        super().__init__()
        self.stem = Stem(widths[0])
        self.stages = nn.ModuleList()
        channels = widths[0]
        for index, width in enumerate(widths):
            self.stages.append(ResidualBlock(channels, width, stride=1 if index == 0 else 2))
            channels = width
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(channels, classes)

    def features(self, image: Tensor) -> Tensor:
        """The pooled channels of the last stage, [batch, widths[-1]]."""
        x = self.stem(image)
        for stage in self.stages:
            x = stage(x)
        return x.mean(dim=(2, 3))

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(image)))


def build(seed: int = 0, dropout: float = 0.0) -> Digits:
    """An untrained network whose first weights depend on the seed alone."""
    torch.manual_seed(seed)
    return Digits(dropout=dropout)
