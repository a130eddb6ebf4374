import sys
from pathlib import Path

import pytest
import torch

from options import options, part
from runner.build.instantiate import build_source
from runner.build.model import build_model, without_published_weights
from runner.config.catalog import Part
from runner.errors import ConfigError

# Models


@pytest.mark.parametrize("option", sorted({*options("model")} - {"auto", "module", "tabm", "tabular"}))
def test_every_model_option_is_built_and_ready_to_train(option: str) -> None:
    model = build_model(part("model", option), (3, 32, 32), 10)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert model.training


def test_a_models_own_refusal_names_the_option() -> None:
    with pytest.raises(ConfigError, match=r"^model=cnn: a convolution needs pictures .*model=mlp takes any shape$"):
        build_model(part("model", "cnn"), (54,), 7)


def test_every_wrong_knob_of_a_part_is_said_at_once() -> None:
    given = part("model", "dnn", hidden="wide", dropout=None, residual=1, normalisation="bach", dropuot=0.1)
    with pytest.raises(ConfigError) as caught:
        build_model(given, (4,), 2)
    assert caught.value.faults == (
        "model.dropuot: Dnn has no such argument; did you mean dropout?",
        "model.hidden=wide: dnn wants a list, each a whole number",
        "model.normalisation=bach: dnn wants one of batch, layer, rms or null",
        "model.dropout=null: dnn wants a finite number",
        "model.residual=1: dnn wants true or false",
    )


def test_a_dropout_that_torch_refuses_is_an_error_of_the_config() -> None:
    with pytest.raises(ConfigError, match=r"^model=dnn: .*\b1\.5\b"):
        build_model(part("model", "dnn", dropout=1.5), (4,), 2)


@pytest.mark.parametrize("key", ["in_shape", "num_outputs"])
def test_a_fact_of_the_run_cannot_be_set(key: str) -> None:
    with pytest.raises(ConfigError, match=f"model.{key} is set by the program; leave it out"):
        build_model(part("model", "linear", **{key: 3}), (4,), 2)


def test_a_module_that_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        build_model(Part("model", "mine", "torch.nn.Linear", {"in_features": 4}), (4,), 2)
    assert caught.value.faults == (
        "model.out_features is missing; Linear needs it",
        "model=mine: Linear takes no in_shape, num_outputs: it is no model; "
        "one has def __init__(self, in_shape, num_outputs, ...)",
    )


def test_a_model_with_the_wrong_number_of_outputs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_model.py").write_text(
        "from torch import nn\nclass Wide(nn.Linear):\n"
        "    def __init__(self, in_shape, num_outputs): super().__init__(in_shape[0], num_outputs + 1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"model=wide: turns one row into \[1, 3\], not into \[1, 2\]"):
        build_model(Part("model", "wide", "users_model.Wide", {}), (4,), 2, trusted=["users_model"])
    del sys.modules["users_model"]


# Data sets


def test_a_source_takes_its_knobs_and_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_data.py").write_text(
        "from runner.contracts import Source\nclass Mine(Source):\n"
        "    def __init__(self, rows: int): self.rows = rows\n"
        "    def load(self, data_dir): raise AssertionError\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    given = Part("dataset", "mine", "users_data.Mine", {"rows": 5})
    assert vars(build_source(given, trusted=["users_data"])) == {"rows": 5}
    del sys.modules["users_data"]


def test_a_model_is_no_data_set() -> None:
    with pytest.raises(ConfigError, match=r"^dataset\._target_=torch\.nn\.Linear is refused: it is not a kind of"):
        build_source(Part("dataset", "mine", "torch.nn.Linear", {}))


def test_a_torch_dataset_is_no_source_and_is_told_where_it_goes() -> None:
    told = r"_target_=torchvision.datasets.FakeData is a torch Dataset; write dataset=module dataset.name=torchv"
    with pytest.raises(ConfigError, match=told):
        build_source(Part("dataset", "mine", "torchvision.datasets.FakeData", {}))


def test_a_stored_net_needs_no_file_of_published_weights_for_its_checkpoint_holds_all() -> None:
    stored = part("model", "torchvision", weights="DEFAULT")
    assert without_published_weights(stored).knobs == {"name": "resnet18", "weights": None, "freeze": []}
    own = Part("model", "mine", "mine.nets.Net", {"weights": "a_file.pt"})
    assert without_published_weights(own) is own
