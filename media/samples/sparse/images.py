"""Writes the sample's pictures: the first test image of each digit, white on black, 28 x 28, grey."""

from pathlib import Path

from PIL import Image

import mnist


def main() -> None:
    folder = mnist.default_folder()
    images = mnist.read_idx(folder / "t10k-images-idx3-ubyte")
    labels = mnist.read_idx(folder / "t10k-labels-idx1-ubyte").tolist()
    target = Path(__file__).resolve().parent / "images"
    target.mkdir(exist_ok=True)
    for digit in range(10):
        Image.fromarray(images[labels.index(digit)]).save(target / f"{digit}.png")


if __name__ == "__main__":
    main()
