from pathlib import Path

import pytest

from runner.config.catalog import GROUPS, Catalog, Knob, conf_folders, packaged_conf
from runner.config.spelling import nearest
from runner.errors import ConfigError

ADAM = """\
# Adaptive moments.
_target_: torch.optim.Adam
lr: 1e-3 # learning rate
betas: [0.9, 0.999] # decay of the means # of gradient and square
note: "a # in text" # not this one
eps: 1e-8
"""
SGD = "# Plain descent.\n_target_: torch.optim.SGD\nlr: 0.1 # learning rate\nmomentum: 0 # share kept\n"
TRAIN = """\
defaults:
  - _self_
  - optimizer: adam
epochs: 10 # passes
early_stopping: # when to stop
  patience_epochs: null # epochs without a better one
hydra:
  run: {dir: x}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    folder = tmp_path / "packaged"
    write(folder / "train.yaml", TRAIN)
    write(folder / "optimizer/adam.yaml", ADAM)
    write(folder / "optimizer/sgd.yaml", SGD)
    write(folder / "metric/f1.yaml", "# @package metric.f1\n# Harmonic mean.\n_target_: torchmetrics.F1Score\n")
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_option_has_its_sentence_class_defaults_and_meanings(conf: Path) -> None:
    adam = Catalog([conf]).option("optimizer", "adam")
    assert (adam.description, adam.target) == ("Adaptive moments.", "torch.optim.Adam")
    assert adam.knobs == {
        "lr": Knob(0.001, "learning rate"),
        "betas": Knob([0.9, 0.999], "decay of the means # of gradient and square"),
        "note": Knob("a # in text", "not this one"),
        "eps": Knob(1e-8, ""),
    }


def test_the_package_line_of_a_metric_is_no_description(conf: Path) -> None:
    assert Catalog([conf]).option("metric", "f1").description == "Harmonic mean."


def test_settings_keep_their_nesting_and_leave_hydra_out(conf: Path) -> None:
    assert Catalog([conf]).settings == {
        "epochs": Knob(10, "passes"),
        "early_stopping.patience_epochs": Knob(None, "epochs without a better one"),
    }


def test_the_first_folder_wins_and_adds_options(conf: Path, tmp_path: Path) -> None:
    write(tmp_path / "mine/optimizer/adam.yaml", "_target_: torch.optim.Adam\nlr: 5\n")
    write(tmp_path / "mine/optimizer/other.yml", "_target_: torch.optim.Adam\n")
    catalog = Catalog([tmp_path / "mine", conf])
    assert catalog.options("optimizer") == ("adam", "other", "sgd")
    assert catalog.option("optimizer", "adam").knobs["lr"].default == 5


def test_an_option_that_builds_on_another_has_its_knobs_too(conf: Path, tmp_path: Path) -> None:
    write(tmp_path / "mine/optimizer/fast.yaml", "# Fast.\ndefaults: [sgd]\nlr: 0.5\n")
    fast = Catalog([tmp_path / "mine", conf]).option("optimizer", "fast")
    assert fast.target == "torch.optim.SGD"
    assert fast.knobs == {"lr": Knob(0.5, "learning rate"), "momentum": Knob(0, "share kept")}


def test_owners_are_the_options_that_have_a_knob(conf: Path) -> None:
    catalog = Catalog([conf])
    assert catalog.owners("optimizer", "lr") == ["adam", "sgd"]
    assert catalog.owners("optimizer", "momentum") == ["sgd"]
    assert catalog.owners("optimizer", "lrr") == []


def test_a_broken_file_of_the_user_breaks_only_its_own_option(conf: Path) -> None:
    broken = write(conf / "optimizer/broken.yaml", "lr: 1\n  oops: [\n")
    catalog = Catalog([conf])
    assert catalog.owners("optimizer", "momentum") == ["sgd"]
    with pytest.raises(ConfigError, match=rf"{broken}, line 2.*not YAML"):
        catalog.option("optimizer", "broken")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lr: 1\nlr: 2\n", "line 2: lr is given twice"),
        ("- 1\n", "has no settings"),
        ("a: !!python/object/apply:os.system [ls]\n", "not YAML"),
        ("a: " + "[" * 50 + "]" * 50, "nested more than 40 deep"),
        ("a: 1\x00", "not YAML"),
    ],
)
def test_what_is_no_plain_mapping_is_refused_with_its_file(conf: Path, text: str, told: str) -> None:
    path = write(conf / "optimizer/odd.yaml", text)
    with pytest.raises(ConfigError) as error:
        Catalog([conf]).option("optimizer", "odd")
    assert str(path) in str(error.value) and told in str(error.value)


def test_a_file_that_is_no_utf8_is_refused(conf: Path) -> None:
    (conf / "optimizer/latin.yaml").write_bytes("# caf\xe9\nlr: 1\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        Catalog([conf]).option("optimizer", "latin")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Adam", "adam"), ("ADAM", "adam"), ("SGD", "sgd"), ("adan", "adam"), ("SGDOptimizer", None), ("zzz", None)],
)
def test_a_wrong_option_finds_the_nearest(conf: Path, word: str, meant: str | None) -> None:
    assert Catalog([conf]).nearest_option("optimizer", word) == meant


@pytest.mark.parametrize(
    ("word", "names", "meant"),
    [
        ("StepLR", ["step_lr", "none"], "step_lr"),
        ("CrossEntropyLoss", ["cross_entropy", "mse"], "cross_entropy"),
        ("BCEWithLogitsLoss", ["cross_entropy", "bce_with_logits"], "bce_with_logits"),
        ("MNIST", ["mnist", "fashion_mnist"], "mnist"),
        ("fashion", ["mnist", "fashion_mnist"], "fashion_mnist"),
        ("lr_scheduler", GROUPS, "scheduler"),
        ("opt", GROUPS, "optimizer"),
        ("data", GROUPS, "dataset"),
        ("epoch", ["epochs", "seed"], "epochs"),
        ("bs", ["batch_size", "seed"], "batch_size"),
        ("xyz", ["epochs", "seed"], None),
    ],
)
def test_other_names_for_the_same_thing_are_understood(word: str, names: list[str], meant: str | None) -> None:
    assert nearest(word, names) == meant


def test_conf_in_the_current_folder_comes_before_config_dir_and_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "more").mkdir()
    monkeypatch.chdir(tmp_path)
    assert conf_folders("more") == (tmp_path / "conf", tmp_path / "more", packaged_conf())


def test_our_own_conf_is_not_searched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(packaged_conf().parent)
    assert conf_folders() == (packaged_conf(),)


def test_a_config_dir_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="--config-dir nowhere: no such folder"):
        conf_folders("nowhere")


def test_an_option_of_the_whole_configuration_has_its_knobs_and_what_it_brings_along(conf: Path) -> None:
    text = (
        "# @package _global_\n# Own.\ndefaults:\n  - override /optimizer: sgd\noptimizer:\n  lr: 0.5\nepochs: 3 # few\n"
    )
    write(conf / "model/own.yaml", f"{text}model:\n  _target_: torch.nn.Linear\n  width: 8 # units\n")
    own = Catalog([conf]).option("model", "own")
    assert (own.description, own.target, own.knobs) == ("Own.", "torch.nn.Linear", {"width": Knob(8, "units")})
    assert own.parts == {"optimizer": "sgd"}
    assert own.brings == {"optimizer.lr": Knob(0.5, ""), "epochs": Knob(3, "few")}


def test_an_option_made_of_another_has_what_that_brings_along(conf: Path) -> None:
    write(conf / "model/own.yaml", "# @package _global_\nmodel: {_target_: torch.nn.Linear, width: 8}\nepochs: 3\n")
    write(conf / "model/narrow.yaml", "# Narrow.\ndefaults: [own]\nwidth: 4\n")
    narrow = Catalog([conf]).option("model", "narrow")
    assert (narrow.target, narrow.knobs["width"].default) == ("torch.nn.Linear", 4)
    assert narrow.brings == {"epochs": Knob(3, "")}
