"""Reference numbers for src/data: Pillow's resizing and transformers' tokenization.

Writes small PNG inputs and the pixels Pillow makes of them. Usage: python make_images.py (Pillow, numpy)."""
import json, pathlib, numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(0)
y, x = np.mgrid[0:37, 0:53]
picture = np.stack([x * 4, y * 6, (x * y) % 256], -1).astype(np.uint8)
picture[10:20, 15:30] = rng.integers(0, 256, (10, 15, 3))
image = Image.fromarray(picture)
image.save(here / "picture.png")
cases = []
for name, code in (("nearest", 0), ("lanczos", 1), ("bilinear", 2), ("bicubic", 3)):
    for size in ((20, 14), (80, 61)):
        pixels = np.asarray(image.resize(size, code))
        cases.append({"resample": name, "width": size[0], "height": size[1], "pixels": pixels.ravel().tolist()})
gray = np.asarray(image.convert("L"))
(here / "pillow.json").write_text(json.dumps({"cases": cases, "gray": gray.ravel().tolist()}))
