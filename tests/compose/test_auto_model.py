"""``model=auto``: which net a request has, and what is said of it."""

from pathlib import Path

import pytest

from runner.compose import composition
from runner.compose.composition import Composed, compose
from runner.compose.request import parse
from runner.errors import ConfigError


def composed(words: str) -> Composed:
    return compose(parse(words.split()))


@pytest.mark.parametrize(
    ("words", "net", "rows"),
    [
        ("", "cnn", "pictures"),
        ("dataset=mnist", "cnn", "pictures"),
        ("dataset=cifar10", "cnn", "pictures"),
        ("dataset=image_folder dataset.path=x", "cnn", "pictures"),
        ("dataset=iris", "dnn", "tables"),
        ("dataset=csv dataset.path=x.csv dataset.target=y", "dnn", "tables"),
        ("dataset=car model=auto", "dnn", "tables"),
        ("dataset=random dataset.shape=[4]", "dnn", "tables"),
        ("dataset.transforms=[flatten]", "dnn", "tables"),
        ("debug=one_batch dataset=wine", "dnn", "tables"),
        ("model=cnn", "cnn", ""),
        ("experiment=digits_mlp", "mlp", ""),
    ],
)
def test_pictures_get_a_cnn_and_tables_a_dnn(words: str, net: str, rows: str) -> None:
    model = composed(words).config.model
    assert (model.option, model.chosen_for) == (net, rows)


def test_a_typed_knob_is_checked_against_the_net_that_auto_takes() -> None:
    assert composed("model.channels=[8]").config.model.knobs["channels"] == [8]
    assert composed("dataset=iris model.hidden=[8]").config.model.knobs["hidden"] == [8]
    with pytest.raises(ConfigError) as raised:
        composed("dataset=iris model.channels=[8]")
    (fault,) = raised.value.faults
    assert fault == (
        "model.channels=[8]: model=dnn has no channels; channels belongs to cnn: choose model=cnn\n"
        "  model=auto takes dnn for tables"
    )


def test_the_words_of_the_command_stay_as_they_were_typed() -> None:
    assert composed("dataset=iris epochs=2").tree.hydra.overrides.task == ["dataset=iris", "epochs=2"]


def test_a_request_is_composed_once_where_its_words_tell_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    composed("")  # what Hydra has by itself is composed once for all
    times = []
    original = composition.survivors_of
    monkeypatch.setattr(composition, "survivors_of", lambda *args: times.append(1) or original(*args))
    composed("dataset=iris optimizer.lr=0.1")
    assert times == [1]


def test_a_train_yaml_of_the_user_may_name_a_net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    packaged = composition.packaged_conf() / "train.yaml"
    text = packaged.read_text().replace("- model: auto", "- model: linear")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text(text)
    assert composed("").config.model.option == "linear"
