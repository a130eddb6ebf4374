from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.config.catalog import Catalog, Part, packaged_conf
from runner.config.run_config import Config, check, setting_types
from runner.config.stored import LATER_KNOBS, later_settings, load_stored
from runner.errors import ConfigError, DataError

OPTIONS = {
    "optimizer/adam": "_target_: torch.optim.Adam\nlr: 0.001\nbetas: [0.9, 0.999]\neps: 1e-8\n",
    "optimizer/sgd": "_target_: torch.optim.SGD\nlr: 0.1\nmomentum: 0\ndampening: 0\nnesterov: false\n",
    "optimizer/rmsprop": "_target_: torch.optim.RMSprop\nlr: 0.01\nmomentum: 0\n",
    "model/cnn": "_target_: runner.models.cnn.Cnn\nchannels: [32, 64]\nnote: free\n",
    "dataset/digits": "_target_: runner.data.digits.Digits\ntransforms: []\naugment: []\n",
    "dataset/csv": "_target_: runner.data.csv.Csv\npath: ??? # the file\ntransforms: []\n",
    "loss/auto": "_target_: null\n",
    "scheduler/none": "_target_: null\n",
    "metric/auto": "# @package metric.auto\n_target_: null\n",
    "metric/f1": "# @package metric.f1\n_target_: torchmetrics.F1Score\naverage: macro\n",
}
CHOICES = {
    "dataset": "digits",
    "model": "cnn",
    "loss": "auto",
    "optimizer": "adam",
    "scheduler": "none",
    "metric": "auto",
    "experiment": None,
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for name, text in OPTIONS.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "conf/train.yaml").write_text((packaged_conf() / "train.yaml").read_text(encoding="utf-8"))
    return Catalog([tmp_path / "conf"])


def composed(catalog: Catalog, **changes: Any) -> dict[str, Any]:
    """The default tree; ``changes`` by dotted name with __ for the dot."""
    tree: dict[str, Any] = {}
    for name, knob in catalog.settings.items():
        put(tree, name, copy.deepcopy(knob.default))
    tree |= {"data_dir": "data", "output_dir": "outputs"}
    for group, option in CHOICES.items():
        if group not in ("metric", "experiment"):
            tree[group] = part(catalog, group, str(option))
    tree["metric"] = {"auto": {"_target_": None}}
    for name, value in changes.items():
        put(tree, name.replace("__", "."), value)
    return tree


def part(catalog: Catalog, group: str, name: str) -> dict[str, Any]:
    option = catalog.option(group, name)
    return {"_target_": option.target, **{key: copy.deepcopy(knob.default) for key, knob in option.knobs.items()}}


def put(tree: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    for key in above:
        tree = tree.setdefault(key, {})
    tree[last] = value


def faults_of(catalog: Catalog, choices: dict[str, Any] | None = None, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        check(composed(catalog, **changes), CHOICES | (choices or {}), catalog)
    return error.value.faults


def test_the_defaults_are_right_and_come_out_frozen(catalog: Catalog) -> None:
    config = check(composed(catalog), CHOICES, catalog)
    assert config.optimizer == Part(
        "optimizer", "adam", "torch.optim.Adam", {"lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-8}
    )
    assert config.loss == Part("loss", "auto", None, {})
    assert config.metric == {"auto": Part("metric", "auto", None, {})}
    assert (config.epochs, config.early_stopping.patience_epochs, config.checkpoint.every_epochs) == ("auto", None, 1)
    with pytest.raises(AttributeError):
        config.epochs = 3  # type: ignore[misc]


def test_the_settings_are_those_of_train_yaml_in_its_order() -> None:
    assert list(setting_types()) == list(Catalog([packaged_conf()]).settings)


def test_without_validation_rows_the_usual_monitor_is_the_training_loss(catalog: Catalog) -> None:
    assert check(composed(catalog, val_fraction=0), CHOICES, catalog).monitor == "train/loss"
    assert check(composed(catalog), CHOICES, catalog).monitor == "val/loss"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 0}, "epochs=0: must be a whole number >= 1"),
        ({"epochs": True}, "epochs=true: must be a whole number >= 1"),
        ({"val_fraction": 1}, "val_fraction=1: must be a number >= 0 and < 1"),
        ({"shuffle": "maybe"}, "shuffle=maybe: must be true or false"),
        ({"device": "gpu"}, "device=gpu: must be text like auto, cpu, cuda, cuda:1 or mps"),
        ({"monitor": "test/accuracy"}, "monitor=test/accuracy: must be text of the form val/loss or train/loss"),
        ({"seed": -1}, "seed=-1: must be a whole number >= 0 and <= 4294967295"),
        ({"epochs": "???"}, "epochs=???: has no value yet; give one: epochs=..."),
        ({"tags": ["a", 1]}, "tags[1]=1: must be text that is not empty"),
        ({"early_stopping": 3}, "early_stopping=3: holds settings of its own; set them one by one"),
        ({"early_stopping__patience": 3}, "did you mean early_stopping.patience_epochs=3?"),
        ({"epoch": 3}, "epoch=3: there is no setting epoch; did you mean epochs=3?"),
        ({"batchsize": 3}, "batchsize=3: there is no setting batchsize; did you mean batch_size=3?"),
        ({"lr": 0.1}, "lr=0.1: there is no setting lr; did you mean optimizer.lr=0.1?"),
        ({"optim__lr": 0.1}, "optim.lr=0.1: there is no setting optim.lr; did you mean optimizer.lr=0.1?"),
        ({"optimzer": "SGD"}, "optimzer=SGD: there is no setting optimzer; did you mean optimizer=sgd?"),
        ({"foo__bar": 1}, "foo.bar=1: there is no setting foo.bar; see them: python -m runner show settings"),
        ({"fold": 1}, "fold=1: needs the number of folds; add folds=5"),
        ({"folds": 3, "fold": 3}, "fold=3: folds are counted from 0; with folds=3 the last is 2"),
        ({"val_fraction": 0, "monitor": "val/accuracy"}, "set val_fraction=0.1 or monitor=train/accuracy"),
        ({"name": "../x"}, "name=../x: is the name of a folder"),
        ({"name": "/x"}, "name=/x: is the name of a folder"),
        ({"name": ".."}, "name=..: is the name of a folder"),
        ({"name": "a\nb"}, "is the name of a folder"),
        ({"name": "가" * 51}, "1 to 150 bytes"),
        ({"optimizer__lr": 0}, "optimizer.lr=0: must be a number > 0"),
        ({"optimizer__betas": [0.9, 1]}, "optimizer.betas[1]=1: must be a number >= 0 and < 1"),
        ({"optimizer__lrr": 1}, "optimizer.lrr=1: optimizer=adam has no lrr; did you mean optimizer.lr=1?"),
        ({"optimizer__momentum": 0.9}, "momentum belongs to rmsprop, sgd: choose one, optimizer=..."),
        ({"optimizer__zzz": 1}, "optimizer=adam has no zzz; it has lr, betas, eps"),
        ({"loss__zzz": 1}, "loss=auto has no zzz; it has nothing to set"),
        ({"model__note": 3}, "model.note=3: must be text"),  # by the type of its default
        ({"model__channels": []}, "model.channels=[]: must be a list, each a whole number >= 1, at least one"),
        ({"model__in_shape": [1]}, "model.in_shape=[1]: is found from the data"),
        ({"model__num_outputs": 3}, "model.num_outputs=3: is found from the data"),
        ({"optimizer__params": []}, "optimizer.params=[]: is found from the data"),
        ({"scheduler__last_epoch": 1}, "scheduler.last_epoch=1: is found from the data"),
        ({"metric__auto__num_classes": 3}, "metric.auto.num_classes=3: is found from the data"),
        ({"metric": {"f1": {"average": "micro"}}}, "f1 is not among the chosen metrics; add it: metric=[f1]"),
        ({"optimizer": None}, "optimizer=null: a run needs one of the optimizer options: adam, rmsprop, sgd"),
        ({"model": "cnn"}, "model=cnn: a run needs one of the model options: cnn"),
        (
            {"dataset__transforms": ["normalize"]},
            "dataset.transforms[0]: there is no transform 'normalize'; did you mean",
        ),
        (
            {"dataset__augment": [{"flip": {}}]},
            "dataset.augment[0].flip.horizontal is missing: give a probability, 0..1",
        ),
        (
            {"dataset___target_": "torchvision.datasets.MNIST"},
            "'trusted=[package]'; a torch Dataset goes into dataset=module dataset.name=...",
        ),
    ],
)
def test_a_fault_says_what_and_what_next(catalog: Catalog, changes: dict[str, Any], told: str) -> None:
    (fault,) = faults_of(catalog, **changes)
    assert told in fault
    assert len(fault.splitlines()) <= 3


def test_an_option_that_is_not_there_names_the_choices(catalog: Catalog) -> None:
    (fault,) = faults_of(catalog, {"optimizer": "adamm"})
    assert fault == ("optimizer=adamm: no such option; did you mean optimizer=adam?\n  choices: adam, rmsprop, sgd")


def test_a_required_knob_says_what_it_is(catalog: Catalog) -> None:
    (fault,) = faults_of(catalog, {"dataset": "csv"}, dataset=part(catalog, "dataset", "csv"))
    assert fault == "dataset.path=???: is needed (the file); give it: dataset.path=..."


def test_nesterov_without_momentum_is_told_before_torch_does(catalog: Catalog) -> None:
    sgd = part(catalog, "optimizer", "sgd") | {"nesterov": True}
    (fault,) = faults_of(catalog, {"optimizer": "sgd"}, optimizer=sgd)
    assert fault == "optimizer.nesterov=true: needs optimizer.momentum above 0 and optimizer.dampening=0"
    right = sgd | {"momentum": 0.9}
    assert check(composed(catalog, optimizer=right), CHOICES | {"optimizer": "sgd"}, catalog)


def test_all_faults_come_at_once(catalog: Catalog) -> None:
    found = faults_of(catalog, epochs=0, seed="a", epoch=3, optimizer__lrr=1, model__channels=[0], fold=1)
    assert [fault.split("=")[0] for fault in found] == [
        "seed",
        "epochs",
        "epoch",
        "fold",
        "model.channels[0]",
        "optimizer.lrr",
    ]


ATTACKS = [
    "os.system",
    "logging.os.system",
    "builtins.open",
    "pathlib.Path.write_text",
    "shutil.copyfile",
    "torch.load",
    "torch.hub.load",
    "functools.partial",
    "pandas.read_pickle",
    "numpy.load",
    "torch.optim",
    "torch.optimizer.Adam",
    "torch.optim.",
    "torch.optim.__builtins__.open",
    "torch.optim.Adam; import os",
    "",
    3,
    ["torch.optim.Adam"],
]


@pytest.mark.parametrize("target", ATTACKS)
def test_a_class_outside_its_role_is_refused(catalog: Catalog, target: Any) -> None:
    assert any("is not a class for group optimizer" in f for f in faults_of(catalog, optimizer___target_=target))


@pytest.mark.parametrize("target", ATTACKS)
@pytest.mark.parametrize("place", ["optimizer__lr", "dataset__transforms", "metric__auto__x", "tags"])
def test_a_class_hidden_inside_a_value_is_refused(catalog: Catalog, target: Any, place: str) -> None:
    assert faults_of(catalog, **{place: [{"_target_": target}]})


def test_a_package_is_trusted_only_when_it_is_named(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(catalog, model___target_="mine.nets.Big")
    assert fault.endswith("that you trust: 'trusted=[package]'")
    (tmp_path / "mine").mkdir()
    (fault,) = faults_of(catalog, model___target_="mine.nets.Big")
    assert fault.endswith("that you trust: 'trusted=[mine]'")
    config = check(composed(catalog, model___target_="mine.nets.Big", trusted=["mine"]), CHOICES, catalog)
    assert config.model.target == "mine.nets.Big"


def stored(tmp_path: Path, tree: dict[str, Any]) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def test_a_stored_config_comes_back_exactly(catalog: Catalog, tmp_path: Path) -> None:
    f1 = part(catalog, "metric", "f1")
    tree = composed(catalog, metric={"f1": f1}, tags=["가격"], val_fraction=0, monitor="train/loss")
    tree["model"] |= LATER_KNOBS["runner.models.cnn.Cnn"]
    config = check(tree, CHOICES, None)
    again = load_stored(stored(tmp_path, config.as_dict()))
    assert again == config
    assert isinstance(again, Config)


def test_a_column_with_the_name_of_a_knob_is_stored_as_a_column(catalog: Catalog, tmp_path: Path) -> None:
    said = {"size": ["S", "M", "L"], "limit": "ignored", "split": "number"}
    csv = part(catalog, "dataset", "csv") | {"path": "shirts.csv", "target": "kind", "columns": said}
    config = check(composed(catalog) | {"dataset": csv}, {**CHOICES, "dataset": "csv"}, None)
    assert load_stored(stored(tmp_path, config.as_dict())).dataset.knobs["columns"] == said


def test_a_stored_config_of_an_older_build_is_given_what_came_later(catalog: Catalog, tmp_path: Path) -> None:
    config = check(composed(catalog, model__dropout=0.5), CHOICES, None)
    tree = {key: value for key, value in config.as_dict().items() if key not in later_settings()}
    again = load_stored(stored(tmp_path, tree))
    assert {key: getattr(again, key) for key in ("tensorboard", "profile")} == {"tensorboard": "auto", "profile": False}
    assert again.model.knobs["dropout"] == 0.5 and again.model.knobs["residual"] is False


@pytest.mark.parametrize("knobs", [{"momentum": 1.5}, {"nesterov": True}, {"lr": -1.0}])
def test_the_ranges_of_torchs_knobs_are_for_new_runs(catalog: Catalog, tmp_path: Path, knobs: dict[str, Any]) -> None:
    tree, choices = (
        composed(catalog, optimizer=part(catalog, "optimizer", "sgd") | knobs),
        CHOICES | {"optimizer": "sgd"},
    )
    with pytest.raises(ConfigError):
        check(tree, choices, catalog)
    assert load_stored(stored(tmp_path, {**tree, "options": choices})).optimizer.knobs.items() >= knobs.items()


def test_the_types_of_a_stored_config_are_checked(catalog: Catalog, tmp_path: Path) -> None:
    tree = composed(catalog, optimizer__betas=[0.9], optimizer__eps="small") | {"options": CHOICES}
    with pytest.raises(DataError, match=r"betas=\[0\.9\]: must be 2 values, each a number; it has 1(.|\n)*eps=small"):
        load_stored(stored(tmp_path, tree))


def test_a_stored_config_is_not_believed_about_whom_to_trust(catalog: Catalog, tmp_path: Path) -> None:
    tree = composed(catalog, model___target_="mine.nets.Big", trusted=["mine"])
    path = stored(tmp_path, check(tree, CHOICES, catalog).as_dict())
    with pytest.raises(DataError, match=r"mine\.nets\.Big: is not a class for group model"):
        load_stored(path)
    assert load_stored(path, trusted=["mine"]).model.target == "mine.nets.Big"


def test_a_stored_interpolation_is_only_text(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hush")
    tree = check(composed(catalog), CHOICES, catalog).as_dict() | {"data_dir": "${oc.env:SECRET}"}
    assert load_stored(stored(tmp_path, tree)).data_dir == "${oc.env:SECRET}"


@pytest.mark.parametrize("target", ATTACKS)
def test_a_stored_class_outside_its_role_is_refused(catalog: Catalog, tmp_path: Path, target: Any) -> None:
    tree = check(composed(catalog), CHOICES, catalog).as_dict()
    tree["optimizer"]["_target_"] = target
    with pytest.raises(DataError, match="is not a class for group optimizer"):
        load_stored(stored(tmp_path, tree))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not say which options"),
        ("a: [1", "not YAML"),
        ("a: !!python/object/apply:os.system [touch x]", "not YAML"),
        ("a: 1\na: 2", "a is given twice"),
        ("a: &x [1]\nb: *x", r"\*x is refused here"),
        ("a: " + "[" * 41 + "]" * 41, "nested more than 40 deep"),
        ("a: " + "[" * 100_000, "line 1"),  # by PyYAML itself, in its words, or by us
        (f"{'k' * 1_100_000}: 1", "larger than 1,000,000 bytes"),
        ("options: {}", "missing"),
        ("options: 3", "does not say which options"),
    ],
)
def test_a_damaged_stored_config_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told) as error:
        load_stored(path)
    assert str(path) in str(error.value)


def test_a_missing_stored_config_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"config\.yaml: cannot be read: No such file"):
        load_stored(tmp_path / "config.yaml")


def test_a_limit_is_known_to_a_dataset_whose_file_leaves_it_out_and_is_checked(catalog: Catalog) -> None:
    assert check(composed(catalog, dataset__limit=5), CHOICES, catalog).dataset.knobs["limit"] == 5
    (fault,) = faults_of(catalog, dataset__limit="five")
    assert fault == "dataset.limit=five: must be a whole number >= 1 or null"
