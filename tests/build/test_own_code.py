"""What a user has is taken as it is: a class, a function or a net; what is none of them is told by its line."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from options import part
from runner.build.model import build_model
from runner.errors import ConfigError

MY_NET = """
import torch
from torch import nn
from helper import trunk

class Net(nn.Module):
    def __init__(self, in_shape, num_outputs, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(in_shape[0], width), nn.Linear(width, num_outputs))
    def forward(self, x):
        return self.layers(x)

class Plain(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 3))

class Extra(Plain):
    def forward(self, x):
        return (x, x) if self.training else super().forward(x)

class Unfit(nn.Linear):
    def __init__(self):
        super().__init__(5, 3)
    def forward(self, x):
        return super().forward(x)

def made(num_outputs, width=4):
    return nn.Sequential(nn.Linear(4, width), nn.Linear(width, num_outputs))

def wanting(in_shape, width, *others):
    return made(3)

def wordy():
    return "a net"

def failing():
    return {}["width"]

def ready():
    return net

def grown():
    return nn.Sequential(trunk, nn.Linear(4, 3))

net = nn.Linear(4, 3)
nn.init.constant_(net.bias, 7.0)
numbers = {"a": 1}
"""
LINE = {word: 1 + MY_NET.split(word)[0].count("\n") for word in ("class Net", "def wanting", "def wordy", "numbers =")}
UNREAD = r"has weights that were made as a file was read, so that no seed draws them"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    for name in ("my_net_file", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "helper.py").write_text("from torch import nn\ntrunk = nn.Linear(4, 4)\n")
    (tmp_path / "my_net_file.py").write_text(MY_NET)
    return tmp_path


def user_model(folder: Path, name: str, trusted: tuple[str, ...] = ("my_net_file",), **arguments: Any) -> nn.Module:
    path = str(folder / "my_net_file.py")
    return build_model(part("model", "module", path=path, name=name, arguments=arguments), (4,), 3, trusted)


def test_a_class_in_a_file_of_the_users_is_a_model_that_is_given_what_it_takes(folder: Path) -> None:
    net = user_model(folder, "Net", width=5)
    assert type(net).__name__ == "Net" and net.training
    assert [list(weight.shape) for weight in net.parameters()] == [[5, 4], [5], [3, 5], [3]]
    assert type(user_model(folder, "Plain")).__name__ == "Plain"


def test_a_function_that_makes_the_net_is_given_what_it_takes(folder: Path) -> None:
    net = user_model(folder, "made", width=5)
    assert [list(weight.shape) for weight in net.parameters()] == [[5, 4], [5], [3, 5], [3]]


def seeded(folder: Path, name: str, seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return next(user_model(folder, name).parameters()).detach()


@pytest.mark.parametrize("name", ["net", "made"])
def test_weights_are_those_of_the_seed_whether_or_not_the_file_was_read_before(folder: Path, name: str) -> None:
    first, again, other = (seeded(folder, name, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_net_that_is_there_is_made_as_its_file_makes_it(folder: Path) -> None:
    net, other = user_model(folder, "net"), user_model(folder, "net")
    assert isinstance(net, nn.Linear) and net.bias.tolist() == [7.0, 7.0, 7.0]
    assert net is not other and net.weight is not sys.modules["my_net_file"].net.weight


@pytest.mark.parametrize("name", ["ready", "grown", "trunk"])
def test_weights_that_no_seed_draws_are_refused(folder: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^model\.name={name}: {UNREAD}"):
        user_model(folder, name)


def test_a_function_of_torchs_is_not_called() -> None:
    given = part("model", "module", name="torch.load", arguments={"f": "x.pt"})
    with pytest.raises(ConfigError, match=r"model\.name=torch\.load: is the function torch\.serialization\.load; give"):
        build_model(given, (4,), 3)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        (
            "Net",
            {"width": 5, "dept": 2},
            rf"^model\.arguments\.dept: Net takes no dept \(my_net_file\.py, line {LINE['class Net']}\); it takes in",
        ),
        ("Net", {"widht": 5}, r"Net takes no widht \(.*\); did you mean width\?"),
        (
            "Net",
            {},
            rf"^model\.name=Net: needs width \(my_net_file\.py, line {LINE['class Net']}\); add model\.argumen",
        ),
        (
            "wanting",
            {},
            rf"^model\.name=wanting: needs width \(my_net_file\.py, line {LINE['def wanting']}\); "
            r"add model\.arguments=\{width: \.\.\.\}; in_shape and num_outputs are given by the program$",
        ),
        ("net", {"width": 5}, r"^model\.arguments: net takes none \(my_net_file\.py, line \d+\); leave them out$"),
        (
            "wordy",
            {},
            rf"^model\.name=wordy: gives a str \(my_net_file\.py, line {LINE['def wordy']}\); give an nn\.Module class",
        ),
        ("numbers", {}, rf"^model\.name=numbers: is a dict \(my_net_file\.py, line {LINE['numbers =']}\); give an nn"),
        ("failing", {}, r"^model=module: KeyError: 'width' \(my_net_file\.py, line \d+\)$"),
        ("Unfit", {}, r"^model=module: RuntimeError: mat1 and mat2 shapes cannot be .* \(my_net_file\.py, line \d+\)$"),
        ("Extra", {}, r"model=module: gives a tuple; a model gives one tensor, \[rows, outputs\]"),
        ("Plane", {}, r"model\.name=Plane is refused: my_net_file has no Plane; did you mean my_net_file\.Plain\?"),
    ],
)
def test_what_cannot_be_the_model_is_refused(folder: Path, name: str, arguments: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        user_model(folder, name, **arguments)


def test_a_file_with_a_model_is_run_only_when_it_is_trusted(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"say that you trust it: trusted=\[my_net_file\]"):
        user_model(folder, "Net", (), width=5)


def test_a_class_of_torch_goes_by_its_path_and_is_held_against_the_rows() -> None:
    linear = part("model", "module", name="torch.nn.Linear", arguments={"in_features": 4, "out_features": 2})
    assert type(build_model(linear, (4,), 2)) is nn.Linear
    with pytest.raises(ConfigError, match=r"model=module: turns one row into \[1, 2\], not into \[1, 3\]$"):
        build_model(linear, (4,), 3)
    with pytest.raises(ConfigError, match=r"not into \[1, 1\]; two outputs for two classes want loss=cross_entropy$"):
        build_model(linear, (4,), 1)
