"""Seconds per epoch: this program with everything on, against a loop written by hand over tensors.

    python scripts/bench_loop.py [--epochs 9] [--nets sigmoid template cnn list] [--loader]

Same net, batch size, rows, validation and threads; the two take turns epoch by epoch in one process; medians and the
median of the ratios are printed. ``--loader`` adds the usual DataLoader + ToTensor loop (slow). Needs MNIST
(RUNNER_DATA or data/).
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from runner.build import libraries

# ruff: noqa: E402
libraries.load()  # as the program does: it says how threads wait before torch is imported

import torch
from torch import Tensor, nn

from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.contracts import Chunk
from runner.data.batches import ResidentBatches
from runner.experiment.assemble import Experiment, assemble
from runner.runs.directory import claim
from runner.training.record import record

LAYERS = "[Flatten,{Linear:{out_features:20}},Sigmoid,{Linear:{out_features:out}}]"
NETS = {
    "sigmoid": "model=dnn model.hidden=[20] model.activation=Sigmoid optimizer=sgd optimizer.lr=0.1 batch_size=100",
    "template": "model=dnn model.hidden=[64,128,64] model.normalisation=batch optimizer=adam batch_size=128",
    "cnn": "model=cnn optimizer=adam batch_size=64",
    "list": f"model=sequential model.layers={LAYERS} optimizer=sgd optimizer.lr=0.1 batch_size=100",
}
Epoch = Callable[[], float]  # trains and validates once; its seconds
Batches = Iterable[tuple[Tensor, Tensor]]
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclass
class TakingTurns:
    """The train batches of an experiment; before each epoch of ours the other loop runs one."""

    ours: ResidentBatches
    other: Epoch
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
        self.other_seconds.append(self.other())
        self.begun = time.perf_counter()
        return self.ours.chunks(epoch, from_batch)

    def stop(self) -> None:
        if self.begun is not None:
            self.our_seconds.append(time.perf_counter() - self.begun)


def by_hand(experiment: Experiment) -> Epoch:
    """One epoch of the same training as a careful person writes it over tensors, validation and accuracy included."""
    device, split = experiment.choice.device, experiment.split
    with torch.no_grad():
        x, y = experiment.parts.preprocess(experiment.data.x.to(device)), experiment.data.y.to(device)
    (x_train, y_train), (x_val, y_val) = ((x[rows], y[rows]) for rows in (split.train.to(device), split.val.to(device)))
    sizes = experiment.config.batch_size, experiment.config.eval_batch_size

    def train_batches() -> Batches:
        for rows in torch.randperm(len(x_train), device=device).split(sizes[0]):
            yield x_train[rows], y_train[rows]

    return loop(experiment, train_batches, lambda: zip(x_val.split(sizes[1]), y_val.split(sizes[1]), strict=True))


def by_loader(experiment: Experiment) -> Epoch:
    """The same through torchvision's dataset, ToTensor and DataLoaders, as tutorials show it."""
    from torch.utils.data import DataLoader, Subset
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    pictures, split = MNIST(experiment.config.data_dir, train=True, transform=ToTensor()), experiment.split
    train = DataLoader(Subset(pictures, split.train.tolist()), experiment.config.batch_size, shuffle=True)
    val = DataLoader(Subset(pictures, split.val.tolist()), experiment.config.eval_batch_size)
    device = experiment.choice.device
    return loop(experiment, lambda: moved(train, device), lambda: moved(val, device))


def moved(batches: Batches, device: torch.device) -> Batches:
    return ((x_B.to(device), y_B.to(device)) for x_B, y_B in batches)


def loop(experiment: Experiment, train: Callable[[], Batches], val: Callable[[], Batches]) -> Epoch:
    """The seconds of an epoch: training, then validation, loss and accuracy of both."""
    model, knobs = copy.deepcopy(experiment.parts.model), experiment.config.optimizer
    optimizer = OPTIMIZERS[knobs.option](model.parameters(), lr=knobs.knobs["lr"])
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> float:
        begun = time.perf_counter()
        train_on(model, optimizer, loss_of, train())
        validate_on(model, loss_of, val())
        return time.perf_counter() - begun

    return epoch


def train_on(
    model: nn.Module, optimizer: torch.optim.Optimizer, loss_of: nn.Module, batches: Batches
) -> tuple[float, float]:
    loss_sum, hits, seen = 0.0, 0, 0
    model.train()
    for x_B, y_B in batches:
        optimizer.zero_grad()
        logits_BK = model(x_B)
        loss = loss_of(logits_BK, y_B)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(y_B)
        hits += int((logits_BK.argmax(1) == y_B).sum())
        seen += len(y_B)
    return loss_sum / seen, hits / seen


@torch.no_grad()
def validate_on(model: nn.Module, loss_of: nn.Module, batches: Batches) -> tuple[float, float]:
    loss_sum, hits, seen = 0.0, 0, 0
    model.eval()
    for x_B, y_B in batches:
        logits_BK = model(x_B)
        loss_sum += loss_of(logits_BK, y_B).item() * len(y_B)
        hits += int((logits_BK.argmax(1) == y_B).sum())
        seen += len(y_B)
    return loss_sum / seen, hits / seen


def measure(name: str, epochs: int, other: Callable[[Experiment], Epoch], outputs: Path) -> str:
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
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} threads"
    print(f"torch {torch.__version__}, {where}; seconds per epoch, medians of {asked.epochs - 1}")
    print(f"{'net':10} {'runner':>8} {'by hand':>8} {'ratio':>8}")
    with tempfile.TemporaryDirectory() as outputs:
        for name in asked.nets:
            print(measure(name, asked.epochs, by_hand, Path(outputs)), flush=True)
        if asked.loader:
            print(f"{'net':10} {'runner':>8} {'loader':>8} {'ratio':>8}")
            print(measure("sigmoid", 5, by_loader, Path(outputs)))


if __name__ == "__main__":
    main()
