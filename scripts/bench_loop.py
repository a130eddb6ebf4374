"""Seconds per epoch: this program with everything on, against a loop written by hand over tensors.

    python scripts/bench_loop.py [--epochs 9] [--nets sigmoid template cnn] [--loader]

Same net, batch size, rows, validation and threads; the two take turns epoch by epoch in one process; medians and the
median of the ratios are printed. ``--loader`` adds the usual DataLoader + ToTensor loop (slow). Needs MNIST
(RUNNER_DATA or data/).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.contracts import Chunk
from runner.data.batches import ResidentBatches
from runner.experiment import Experiment, assemble
from runner.recording import record
from runner.records.run_directory import claim

NETS = {
    "sigmoid": "model=dnn model.hidden=[20] model.activation=Sigmoid optimizer=sgd optimizer.lr=0.1 batch_size=100",
    "template": "model=dnn model.hidden=[64,128,64] model.normalisation=batch optimizer=adam batch_size=128",
    "cnn": "model=cnn optimizer=adam batch_size=64",
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclass
class TakingTurns:
    """The train batches of an experiment; before each epoch of ours the other loop runs one."""

    ours: ResidentBatches
    other: Callable[[int], float]
    our_seconds: list[float]
    other_seconds: list[float]
    begun: float | None = None

    @property
    def num_rows(self) -> int:
        return self.ours.num_rows

    def __len__(self) -> int:
        return len(self.ours)

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        self.stop()
        self.other_seconds.append(self.other(epoch))
        self.begun = time.perf_counter()
        return self.ours.chunks(epoch, from_batch)

    def stop(self) -> None:
        if self.begun is not None:
            self.our_seconds.append(time.perf_counter() - self.begun)


def by_hand(experiment: Experiment) -> Callable[[int], float]:
    """One epoch of the same training as a careful person writes it, validation and accuracy included."""
    torch.manual_seed(0)
    model = fresh_copy(experiment.parts.model)
    knobs = experiment.config.optimizer
    optimizer = OPTIMIZERS[knobs.option](model.parameters(), lr=knobs.knobs["lr"])
    with torch.no_grad():
        x, y = experiment.parts.preprocess(experiment.data.x), experiment.data.y
    train, val = (gathered(x, y, getattr(experiment.split, name)) for name in ("train", "val"))
    size, loss_of = experiment.config.batch_size, nn.CrossEntropyLoss()

    def epoch(number: int) -> float:
        begun = time.perf_counter()
        train_by_hand(model, optimizer, loss_of, train, size)
        validate_by_hand(model, loss_of, val, experiment.config.eval_batch_size)
        return time.perf_counter() - begun

    return epoch


def gathered(x: Tensor, y: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    return x[rows], y[rows]


def fresh_copy(model: nn.Module) -> nn.Module:
    import copy

    return copy.deepcopy(model)


def train_by_hand(
    model: nn.Module, optimizer: torch.optim.Optimizer, loss_of: nn.Module, data: tuple[Tensor, Tensor], size: int
) -> tuple[float, float]:
    x, y = data
    order = torch.randperm(len(x))
    loss_sum, hits = 0.0, 0
    model.train()
    for start in range(0, len(x), size):
        rows = order[start : start + size]
        x_B, y_B = x[rows], y[rows]
        optimizer.zero_grad()
        logits = model(x_B)
        loss = loss_of(logits, y_B)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(rows)
        hits += int((logits.argmax(1) == y_B).sum())
    return loss_sum / len(x), hits / len(x)


@torch.no_grad()
def validate_by_hand(
    model: nn.Module, loss_of: nn.Module, data: tuple[Tensor, Tensor], size: int
) -> tuple[float, float]:
    model.eval()
    loss_sum, hits = 0.0, 0
    for x_B, y_B in zip(data[0].split(size), data[1].split(size), strict=True):
        logits = model(x_B)
        loss_sum += loss_of(logits, y_B).item() * len(y_B)
        hits += int((logits.argmax(1) == y_B).sum())
    return loss_sum / len(data[0]), hits / len(data[0])


def by_loader(experiment: Experiment) -> Callable[[int], float]:
    """One epoch through torchvision's dataset, ToTensor and a DataLoader, as tutorials show it."""
    from torch.utils.data import DataLoader, Subset
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    pictures = MNIST(experiment.config.data_dir, train=True, transform=ToTensor())
    loader = DataLoader(Subset(pictures, experiment.split.train.tolist()), experiment.config.batch_size, shuffle=True)
    model, knobs = fresh_copy(experiment.parts.model), experiment.config.optimizer
    optimizer = OPTIMIZERS[knobs.option](model.parameters(), lr=knobs.knobs["lr"])
    loss_of = nn.CrossEntropyLoss()

    def epoch(number: int) -> float:
        begun = time.perf_counter()
        model.train()
        for x_B, y_B in loader:
            optimizer.zero_grad()
            loss = loss_of(model(x_B), y_B)
            loss.backward()
            optimizer.step()
        return time.perf_counter() - begun

    return epoch


def measure(name: str, epochs: int, other: Callable[[Experiment], Callable[[int], float]], outputs: Path) -> str:
    words = f"dataset=mnist {NETS[name]} epochs={epochs + 1}".split()
    request = parse([*words, f"output_dir={outputs}"])
    experiment = assemble(compose(request).config, Catalog(conf_folders()))
    turns = TakingTurns(experiment.train, other(experiment), [], [])
    record(replace(experiment, train=turns), claim(outputs, name), brief=True)  # type: ignore[arg-type]
    turns.begun = None  # the last epoch is followed by the final judgement: its time is not an epoch's
    ours, others = turns.our_seconds[1:], turns.other_seconds[1:-1]  # the first warms up
    ratio = statistics.median(a / b for a, b in zip(ours, others, strict=True))
    return f"{name:10} {statistics.median(ours):8.3f} {statistics.median(others):8.3f} {ratio:8.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--loader", action="store_true")
    asked = parser.parse_args()
    threads = torch.get_num_threads()
    print(f"torch {torch.__version__}, {threads} threads; seconds per epoch, medians of {asked.epochs - 1}")
    print(f"{'net':10} {'runner':>8} {'by hand':>8} {'ratio':>8}")
    with tempfile.TemporaryDirectory() as outputs:
        for name in asked.nets:
            print(measure(name, asked.epochs, by_hand, Path(outputs)), flush=True)
        if asked.loader:
            print(f"{'net':10} {'runner':>8} {'loader':>8} {'ratio':>8}")
            print(measure("sigmoid", 3, by_loader, Path(outputs)))


if __name__ == "__main__":
    main()
