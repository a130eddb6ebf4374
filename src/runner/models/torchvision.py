"""Any classification net of torchvision, its first convolution and its last layer made to fit the data."""

from __future__ import annotations

import hashlib
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from difflib import get_close_matches
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlparse

import torch
import torchvision
from torch import nn
from torchvision.models import WeightsEnum, get_model, get_model_weights, list_models

from runner.contracts import Architecture
from runner.errors import ConfigError, DataError
from runner.models.cnn import picture

AUXILIARY = ("aux1", "aux2", "AuxLogits")  # heads in the middle of these two, for training alone
# Their published way to draw weights takes many seconds, and torchvision is leaving it
PLAIN = {name: {"aux_logits": False, "init_weights": False} for name in ("googlenet", "inception_v3")}
SIDES = (32, 48, 64, 80, 96, 128, 160, 192, 224, 256)  # pixels, tried where a picture is too small


class Torchvision(Architecture):
    """The net ``name`` of torchvision.models: x_BCHW -> logits_BK.

    With ``weights`` it begins as trained on ImageNet, but for the last layer, which is drawn anew; where pictures have
    other channels than red, green and blue, each of them gets the three's summed weights divided by its number.
    Without, all weights are drawn anew. The extra outputs of googlenet and inception_v3 are left out;
    trained, these two expect pixels of mean 0.5 and deviation 0.5, all others those of ImageNet.
    """

    def __init__(self, *, name: str, weights: str | None):
        names = list_models(module=torchvision.models)
        if name not in names:
            near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"choices: {', '.join(names)}"
            raise ConfigError(f"model.name={name}: torchvision has no such classification net; {hint}")
        self.name = name
        self.weights = weights
        self.published = None if weights is None else _published(name, weights)

    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        """The net. Raises ConfigError for a table or too small pictures, DataError where weights cannot be had."""
        num_channels, *_ = picture(in_shape)
        net = self._drawn(num_outputs) if self.published is None else self._trained(self.published, num_outputs)
        if num_channels != 3:
            _fit_first_convolution(net, num_channels, is_trained=self.published is not None)
        self._check_size(net, in_shape)
        return net

    def _drawn(self, num_outputs: int) -> nn.Module:
        net: nn.Module = get_model(self.name, weights=None, num_classes=num_outputs, **PLAIN.get(self.name, {}))
        return net

    def _trained(self, weights: WeightsEnum, num_outputs: int) -> nn.Module:
        net = self._drawn(len(weights.meta["categories"]))
        file = fetch(weights.url, f"model.weights={self.weights}")
        state = torch.load(file, map_location="cpu", weights_only=True)
        kept = [name for name in state if name.partition(".")[0] not in AUXILIARY]
        net.load_state_dict({_name_today(name): state[name] for name in kept})
        *_, (name, head) = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        if isinstance(head, nn.Linear):
            net.set_submodule(name, nn.Linear(head.in_features, num_outputs, bias=head.bias is not None))
        else:  # squeezenet
            net.set_submodule(name, nn.Conv2d(head.in_channels, num_outputs, kernel_size=1))
        return net

    def _check_size(self, net: nn.Module, in_shape: tuple[int, ...]) -> None:
        if _takes(net, in_shape):
            return
        shapeless = deepcopy(net).to("meta")
        side = next((side for side in SIDES if _takes(shapeless, (in_shape[0], side, side))), None)
        where = "model.name=resnet18 takes them"
        if side is not None:
            where = f"add this to the end of dataset.transforms: {{resize: {{size: [{side}, {side}]}}}}"
        raise ConfigError(f"{self.name} cannot take pictures of {in_shape[1]} x {in_shape[2]} pixels\n  {where}")


def _published(name: str, weights: str) -> WeightsEnum:
    """The weights of torchvision that go by this name. Raises ConfigError with the choices."""
    known = get_model_weights(name).__members__
    if weights not in known:
        raise ConfigError(f"model.weights={weights}: {name} has no such weights; choices: {', '.join(known)}, or null")
    return known[weights]


def _name_today(name: str) -> str:
    """The files of densenets say norm.1 where torchvision now says norm1."""
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", name)


def _fit_first_convolution(net: nn.Module, num_channels: int, *, is_trained: bool) -> None:
    name, first = next((n, m) for n, m in net.named_modules() if isinstance(m, nn.Conv2d))
    fitted = nn.Conv2d(
        num_channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type] # two numbers, always
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    if is_trained:
        with torch.no_grad():
            fitted.weight.copy_(first.weight.sum(1, keepdim=True) / num_channels)
            if fitted.bias is not None and first.bias is not None:
                fitted.bias.copy_(first.bias)
    net.set_submodule(name, fitted)


def _takes(net: nn.Module, in_shape: tuple[int, ...]) -> bool:
    """Whether pictures of this shape pass through; ``net`` is left in evaluation mode."""
    weight = next(net.parameters())
    try:
        with torch.no_grad():
            net.eval()(torch.zeros(1, *in_shape, device=weight.device))
    except (RuntimeError, ValueError, AssertionError, IndexError):
        return False
    return True


TIMEOUT_S = 10.0  # without a word from the server


def fetch(url: str, wanted_by: str) -> Path:
    """The file of ``url`` where torch looks for it, downloaded once. Raises DataError saying where to put it."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name
    if not path.is_file():
        _download(url, path, wanted_by)
    elif not _sha256(path).startswith(digits_of(path)):
        raise DataError(f"{wanted_by}: {path} is damaged: its SHA-256 does not begin with {digits_of(path)}; delete it")
    return path


def digits_of(path: Path) -> str:
    """The first digits of the SHA-256 that a file's name promises: resnet18-f37072fd.pth."""
    found = re.search(r"-([0-9a-f]{8,})\.", path.name)
    return found[1] if found else ""


def _download(url: str, path: Path, wanted_by: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _time_limit():
            torch.hub.download_url_to_file(url, str(path), digits_of(path), progress=sys.stderr.isatty())
    except (OSError, HTTPException, RuntimeError) as error:  # RuntimeError: torch's word for a wrong digest
        raise DataError(
            f"{wanted_by}: {path} is not there and cannot be downloaded ({error})\n"
            f"  put the file there: {url}\n"
            f"  or begin with random weights: model.weights=null"
        ) from error


@contextmanager
def _time_limit() -> Iterator[None]:
    """torch's download sets no time-out of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
