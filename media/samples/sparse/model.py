"""A digits perceptron with two hidden layers, whose loss may ask its units to be few and unlike each other."""

import torch
from torch import Tensor, nn


class Hidden(nn.Module):
    """A layer of rectified units."""

    def __init__(self, inputs: int, units: int):
        super().__init__()
        self.weights = nn.Linear(inputs, units)
        self.rectify = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.rectify(self.weights(x))


class Perceptron(nn.Module):
    """image [batch, 1, 28, 28], normalised with mean 0.1307 and deviation 0.3081 -> logits [batch, 10]."""

    def __init__(self, units: tuple[int, ...] = (128, 64), classes: int = 10):
        super().__init__()
        sizes = (28 * 28, *units)
        self.hidden = nn.ModuleList(Hidden(a, b) for a, b in zip(sizes, sizes[1:]))
        self.readout = nn.Linear(sizes[-1], classes)

    def activations(self, image: Tensor) -> list[Tensor]:
        """What each hidden layer does, [batch, units] each."""
        x, found = image.flatten(1), []
        for layer in self.hidden:
            x = layer(x)
            found.append(x)
        return found

    def forward(self, image: Tensor) -> Tensor:
        return self.readout(self.activations(image)[-1])


def correlation_penalty(activations: Tensor) -> Tensor:
    """The mean squared correlation between two different units over the batch: 0 when no two go together."""
    centred = activations - activations.mean(dim=0)
    unit = centred / (centred.norm(dim=0) + 1e-6)
    correlations = unit.T @ unit
    units = activations.shape[1]
    return (correlations.square().sum() - correlations.diagonal().square().sum()) / (units * (units - 1))


def l1_penalty(activations: Tensor) -> Tensor:
    """The mean activation, which is what L1 is for units that are never negative."""
    return activations.mean()


def build(seed: int = 0) -> Perceptron:
    torch.manual_seed(seed)
    return Perceptron()
