"""The picture of docs/sweep_pictures.md: a sweep, run for real, as ``view`` draws it.

python scripts/picture_sweep_view.py     writes docs/sweep_view.png
"""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from runner.cli.main import main as run

PICTURE = Path(__file__).parent.parent / "docs" / "sweep_view.png"
VARIED = "model=mlp optimizer=sgd,adam optimizer.lr=1,0.1,0.01,0.001 batch_size=16,128 model.hidden=[16],[128] seed=0,1"
FIXED = "epochs=4 threads=1 tensorboard=off sweep.dir=digits"
COLOURS = 256  # of the file, which is a third as large


def main() -> None:
    with TemporaryDirectory() as folder, chdir(folder):
        run(["train", "-m", *VARIED.split(), *FIXED.split()])
        assert run(["view", "digits"]) == 0
        with Image.open("sweep.png") as image:
            image.convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
