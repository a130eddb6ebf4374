r"""Screenshots of every TensorBoard dashboard of a folder of runs, by a real TensorBoard in a headless Chromium.

python scripts/picture_dashboards.py outputs /tmp/dashboards     then look at /tmp/dashboards/*.png

The picture of the README, docs/tensorboard.png, shows a sweep: train -m optimizer.lr=0.01,0.001 model=mlp,cnn epochs=20
python scripts/picture_dashboards.py outputs/sweeps/*/* docs --window 1160,770 --name tensorboard \
    'scalars&tagFilter=%5E(train%7Cval)%2F(accuracy%7Closs)%24&_smoothingWeight=0'
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CURVES = ["timeseries", "scalars", "custom_scalars", "hparams"]
DASHBOARDS = [*CURVES, "images", "graphs", "distributions", "histograms", "text", "pr_curves", "projector"]
IN_3D = "projector"  # the others' curves are missing in a screenshot where a graphics processor would draw them
PATIENCE_S = 60
WINDOW = "2300,1400"  # pixels; HParams shows its five metrics from 2,300 on
PAGE_MS = 25_000  # of the page's own time, in which it loads everything


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logdir", type=Path, help="a folder of runs")
    parser.add_argument("out", type=Path, help="where the pictures go")
    parser.add_argument("dashboards", nargs="*", default=DASHBOARDS, metavar="DASHBOARD", help="by default all of them")
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--window", default=WINDOW, metavar="WIDTH,HEIGHT", help="of a picture, in pixels")
    parser.add_argument("--name", help="of the file, for one dashboard; by default the dashboard's")
    words = parser.parse_intermixed_args()
    words.out.mkdir(parents=True, exist_ok=True)
    with tensorboard(words.logdir) as address:
        for name in words.dashboards:
            file = words.out / f"{words.name or name.partition('&')[0]}.png"
            picture(words.browser, f"{address}/#{name}", file, words.window)
            print(file)


@contextmanager
def tensorboard(logdir: Path) -> Iterator[str]:
    """The address of a TensorBoard on a free port of this machine, once it has found the runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--logdir", str(logdir), "--host", "127.0.0.1", "--port", str(port), "--samples_per_plugin", "images=20"]
    server = subprocess.Popen([sys.executable, "-m", "tensorboard.main", *words], stderr=subprocess.DEVNULL)
    try:
        wait_for_runs(f"http://127.0.0.1:{port}/data/runs")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def wait_for_runs(address: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            if urllib.request.urlopen(address, timeout=2).read().strip() != b"[]":
                return
        except OSError:
            pass  # it is starting
        time.sleep(0.5)
    raise SystemExit(f"{address}: no runs after {PATIENCE_S} s")


def picture(browser: str, address: str, out: Path, window: str) -> None:
    words = [
        "--headless",
        "--no-sandbox",
        "--hide-scrollbars",
        "--enable-unsafe-swiftshader" if IN_3D in address else "--disable-3d-apis",
        f"--window-size={window}",
    ]
    page = [f"--virtual-time-budget={PAGE_MS}", f"--screenshot={out}", address]
    subprocess.run([browser, *words, *page], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
