"""YAML of one's own: a file named on the command line, an experiment in ./conf, a run's config.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.compose.composition import Composed, compose
from runner.compose.request import parse
from runner.errors import ConfigError
from runner.sweep.plan import check_jobs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    return tmp_path


def composed(*words: str) -> Composed:
    return compose(parse(words))


def faults_of(*words: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        composed(*words)
    return raised.value.faults


PLAIN = "dataset: wine\nmodel: mlp\noptimizer.lr: 0.01\nepochs: 3\n"
FORMS = {
    "plain": PLAIN,
    "nested": "dataset: wine\nmodel: mlp\noptimizer: {lr: 0.01}\nepochs: 3\n",
    "of Hydra": "# @package _global_\ndefaults:\n  - override /dataset: wine\n  - override /model: mlp\n"
    "optimizer:\n  lr: 0.01\nepochs: 3\n",
    "mixed": "# @package _global_\ndefaults:\n  - override /dataset: wine\nmodel: mlp\noptimizer.lr: 0.01\nepochs: 3\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_file_and_an_experiment_are_the_same_in_every_form(text: str) -> None:
    Path("mine.yaml").write_text(text)
    Path("conf/experiment/mine.yaml").write_text(text)
    for word in ("mine.yaml", "experiment=mine"):
        config = composed(word).config
        assert (config.dataset.option, config.model.option, config.epochs, config.name) == ("wine", "mlp", 3, "mine")
        assert config.optimizer.knobs["lr"] == 0.01
        assert {"epochs", "optimizer.lr"} <= config.said


@pytest.mark.parametrize("words", [("my.yaml", "optimizer.lr=0.5"), ("optimizer.lr=0.5", "my.yaml", "model=dnn")])
def test_words_win_over_the_file_wherever_they_stand(words: tuple[str, ...]) -> None:
    Path("my.yaml").write_text(PLAIN)
    config = composed(*words).config
    assert (config.optimizer.knobs["lr"], config.epochs) == (0.5, 3)
    assert config.model.option == ("dnn" if "model=dnn" in words else "mlp")


def test_a_file_may_stand_anywhere_and_have_any_name(folder: Path) -> None:
    path = folder / "a b" / "내 것, 하나.yml"
    path.parent.mkdir()
    path.write_text(PLAIN)
    assert composed(str(path)).config.name == "내_것_하나"


def test_a_file_goes_with_an_experiment_and_builds_on_another() -> None:
    Path("my.yaml").write_text("experiment: overfit\nepochs: 2\n")
    config = composed("my.yaml").config
    assert (config.dataset.option, config.model.option, config.epochs) == ("digits", "dnn", 2)
    Path("more.yaml").write_text("epochs: 5\n")
    both = composed("experiment=wine_mlp", "more.yaml").config
    assert (both.dataset.option, both.epochs, both.name) == ("wine", 5, "wine_mlp-more")


def test_the_jobs_of_a_sweep_read_the_file() -> None:
    Path("my.yaml").write_text(PLAIN)
    configs = check_jobs(parse(["-m", "my.yaml", "optimizer.lr=0.1,0.2"])).configs
    assert [(config.optimizer.knobs["lr"], config.dataset.option) for config in configs] == [
        (0.1, "wine"),
        (0.2, "wine"),
    ]
    with pytest.raises(ConfigError, match="a file goes with one experiment, not with several"):
        check_jobs(parse(["-m", "my.yaml", "experiment=overfit,wine_mlp"]))


def test_the_config_of_a_run_trains_its_settings_again() -> None:
    words = (
        "dataset=iris",
        "model=dnn",
        "model.hidden=[8]",
        "optimizer=sgd",
        "optimizer.lr=0.3",
        "metric=[accuracy,f1]",
    )
    first = composed(*words, "scheduler=step_lr", "seed=3", "epochs=4", "output_dir=elsewhere").config
    Path("config.yaml").write_text(first.as_yaml())
    again = composed("config.yaml").config
    left, right = first.as_dict(), again.as_dict()
    assert (left.pop("output_dir"), right.pop("output_dir")) == ("elsewhere", "outputs")
    assert (left.pop("name")[:15], right.pop("name")) == ("dnn-sgd-step_lr", "dnn-iris")  # of which nothing was typed
    assert left == right
    assert composed("config.yaml", "model.hidden=[4]").config.model.knobs["hidden"] == [4]


def test_the_config_of_a_run_is_found_in_a_directory_whose_name_tells_settings() -> None:
    folder = Path("12-30-59.123456-dnn-lr=0.01-iris")
    folder.mkdir()
    (folder / "config.yaml").write_text(composed("dataset=iris", "optimizer.lr=0.01").config.as_yaml())
    assert composed(f"{folder}/config.yaml").config.optimizer.knobs["lr"] == 0.01


def test_who_is_trusted_is_not_believed_from_a_file() -> None:
    Path("my.yaml").write_text("trusted: [mine]\n")
    assert faults_of("my.yaml") == (
        "my.yaml: trusted=[mine]: comes from a file; only the command line can trust a package: 'trusted=[mine]'",
    )
    assert composed("my.yaml", "trusted=[mine]").config.trusted == ["mine"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dataset: win\n", "my.yaml: dataset=win: no such option; did you mean dataset=wine?"),
        ("model: [mlp, cnn]\n", "my.yaml: model: a run has one model; to run each of them: -m model=mlp,cnn"),
        ("optimizer: {lrr: 0.1}\n", "my.yaml: optimizer.lrr=0.1: optimizer=adam has no lrr; did you mean optimizer.lr"),
        (
            "model: {name: mlp, hidden: [32], dropout: 0.1}\n",
            "my.yaml: model.name=mlp: an option is chosen by model: mlp; below it write\n"
            "  model.hidden: [32]\n  model.dropout: 0.1",
        ),
        ("epochs: 0\n", "my.yaml: epochs=0: must be a whole number >= 1 or auto"),
        ("epoch: 3\n", "my.yaml: epoch=3: there is no setting epoch; did you mean epochs=3?"),
        ("model:\n", "my.yaml: model=null: a run needs one of the model options: auto, cnn"),
        ("- epochs\n", "my.yaml: has no settings; write lines of the form key: value"),
        ("epochs: 1\nepochs: 2\n", "my.yaml, line 2: epochs is given twice; keep one"),
        ("epochs: [\n", "my.yaml, line 2, column 1: not YAML"),
        ("experiment: nope\n", "experiment=nope: no such option"),
        ("optimizer: 3\noptimizer.lr: 0.1\n", "my.yaml: optimizer is given twice; keep one"),
        ("epochs.x: 1\nepochs: 3\n", "my.yaml: epochs is given twice; keep one"),
        ("optimizer: {lr: 0.1}\noptimizer.lr: 0.2\n", "my.yaml: optimizer.lr is given twice; keep one"),
        ("defaults: wine\n", "my.yaml: defaults=wine: must be a list, such as - override /model: mlp"),
        ("defaults: [{override /dataset: [iris, 3]}]\n", "to run each of them: -m dataset=iris,3"),
        ("hydra: {run: {dir: x}}\n", "hydra.run.dir: a configuration file sets it; it cannot be set"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(text: str, told: str) -> None:
    Path("my.yaml").write_text(text)
    (fault,) = faults_of("my.yaml")
    assert told in fault


def test_a_file_that_is_not_there_is_told_with_those_that_are() -> None:
    Path("other.yaml").write_text(PLAIN)
    assert faults_of("other.yml") == ("other.yml: there is no such file; did you mean other.yaml?",)
    assert faults_of("x.yaml") == ("x.yaml: there is no such file; there is other.yaml",)
    Path("more.yaml").write_text(PLAIN)
    assert faults_of("x.yaml") == ("x.yaml: there is no such file; there are more.yaml, other.yaml",)
    assert faults_of("nowhere/mine.yaml") == ("nowhere/mine.yaml: there is no such file",)
