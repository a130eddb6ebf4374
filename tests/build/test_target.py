"""What a config may name: classes of the right kind under trusted roots, judged by the object (fault 36)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from runner.build.target import resolve
from runner.contracts import Source
from runner.errors import ConfigError
from runner.models.cnn import Cnn

FOREIGN = [
    "os.system",
    "logging.os.system",
    "builtins.open",
    "builtins.eval",
    "pathlib.Path.write_text",
    "shutil.copyfile",
    "functools.partial",
    "pandas.read_pickle",
    "numpy.load",
    "subprocess.Popen",
    "hydra.utils.call",
    "system",
    "",
    ".torch.nn.Linear",
    "torch..nn.Linear",
    "torch.nn.Linear()",
    "torch.nn.Linear\n",
    "torch",
    "torch.nn.Module.__subclasses__",
    "torch.__builtins__.eval",
    "runner.__main__.main",
    "토치.nn.Linear",
]
NO_CLASS_OF_THE_KIND = [
    "torch.load",
    "torch.hub.load",
    "torch.save",
    "torch.jit.load",
    "torch.nn.functional",
    "torch.Tensor",
    "torch.Generator",
    "torch.utils.data.Dataset",
    "torchvision.io.write_file",
    "torchvision.datasets.MNIST",
    "runner.errors.ConfigError",
    "runner.contracts.data.Path",
]
NO_WAY_THROUGH = [
    "torch.os.system",
    "torch.os.path.join",
    "torch.sys.exit",
    "torch.nn.Module.register_module",
    "torch.nn.modules.module.functools.partial",
    "torchvision.datasets.os.system",
    "torchvision.datasets.mnist.shutil.rmtree",
    "torch.hub.Path.unlink",
    "runner.contracts.data.Path.write_text",
    "runner.build.target.re.compile",
]


@pytest.mark.parametrize("path", FOREIGN)
@pytest.mark.parametrize("role", [nn.Module, Optimizer, LRScheduler, Source])
def test_a_root_that_is_not_trusted_is_refused_unimported(path: str, role: type) -> None:
    with pytest.raises(ConfigError, match=r"is refused: a target is a class in runner, torch, torchvision, torchmet"):
        resolve(path, role)


@pytest.mark.parametrize("path", NO_CLASS_OF_THE_KIND)
def test_a_trusted_root_is_not_enough(path: str) -> None:
    with pytest.raises(ConfigError, match=r"is refused: it is not a kind of torch\.nn\.modules\.module\.Module"):
        resolve(path, nn.Module)


@pytest.mark.parametrize("path", NO_WAY_THROUGH)
def test_a_trusted_module_is_no_way_through_to_what_it_imported(path: str) -> None:
    with pytest.raises(ConfigError, match=r"is refused: .* (is not a module of|cannot be imported)"):
        resolve(path, nn.Module)


def test_a_class_of_another_role_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"it is not a kind of torch\.optim\.optimizer\.Optimizer"):
        resolve("torch.nn.Linear", Optimizer)


def test_a_foreign_class_reached_by_a_trusted_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"not a kind of builtins.object"):
        resolve("runner.contracts.data.Path", object)


def test_a_path_to_a_class_of_its_kind_is_resolved() -> None:
    assert resolve("runner.models.cnn.Cnn", nn.Module) is Cnn
    assert resolve("torch.optim.lr_scheduler.ReduceLROnPlateau", LRScheduler).__name__ == "ReduceLROnPlateau"


def test_the_key_and_the_nearest_name_are_said() -> None:
    with pytest.raises(ConfigError, match=r"^optimizer\._target_=torch\.optim\.Adan is refused: torch.optim has no A"):
        resolve("torch.optim.Adan", Optimizer, key="optimizer._target_")
    with pytest.raises(ConfigError, match=r"did you mean torch\.optim\.RMSprop\?"):
        resolve("torch.optim.RMSProp", Optimizer)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of a user's, importable, that leaves a mark when it is imported."""
    folder = tmp_path / "users_nets"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w').close()\n")
    (folder / "net.py").write_text("from torch import nn\nclass Net(nn.Module): pass\n")
    (folder / "broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "users_nets"]:
        del sys.modules[name]


def test_a_package_of_the_users_is_imported_only_when_it_is_trusted(package: Path) -> None:
    with pytest.raises(ConfigError, match="or in a package named by trusted="):
        resolve("users_nets.net.Net", nn.Module)
    assert not (package / "mark").exists()
    assert resolve("users_nets.net.Net", nn.Module, trusted=["users_nets"]).__name__ == "Net"


def test_a_module_that_fails_is_named_with_its_error(package: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"broken cannot be imported: ZeroDivisionError: division by zero \(broken\.py, line 1"
    ):
        resolve("users_nets.broken.Net", nn.Module, trusted=["users_nets"])
    with pytest.raises(ConfigError, match=r"users_nets.nett cannot be imported: ModuleNotFoundError"):
        resolve("users_nets.nett.Net", nn.Module, trusted=["users_nets"])


def test_attacks_change_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").write_text("as it was")
    monkeypatch.chdir(tmp_path)
    for path in [*FOREIGN, *NO_CLASS_OF_THE_KIND, *NO_WAY_THROUGH]:
        with pytest.raises(ConfigError):
            resolve(path, nn.Module)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"kept": "as it was"}
