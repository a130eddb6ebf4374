"""How long a run is and how many rows a step has, where nobody said it; hand-made numbers on made-up rows."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import program
from experiments import assembled
from program import only_run
from runner.cli import main
from runner.config.stored import load_stored
from runner.errors import ConfigError

TABLE = ["dataset=random", "dataset.shape=[4]", "dataset.num_classes=3", "model=linear"]
SMALL = [*TABLE, "dataset.num_rows=43"]  # 31 train rows, 3 of validation, 9 of test
ROWS_108 = [*TABLE, "dataset.num_rows=150"]  # 108 train rows, two steps an epoch
STOPPING, SAVING = "early_stopping.patience_epochs", "checkpoint.every_epochs"


def lengths(*words: str) -> tuple[int | str, int | None, int]:
    """(epochs, patience, epochs between saves) of a table of 108 train rows."""
    config = assembled([*ROWS_108, *words]).config
    return config.epochs, config.early_stopping.patience_epochs, config.checkpoint.every_epochs


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def recipe(folder: Path, text: str, group: str = "experiment") -> list[str]:
    """The words that choose a recipe of this text."""
    path = folder / "conf" / group / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"# @package _global_\n{text}\n")
    return [f"--config-dir={folder / 'conf'}", f"{group}=mine"]


def test_case_9_a_batch_nobody_asked_for_is_the_rows_there_are_and_it_is_said() -> None:
    small = assembled(SMALL)
    assert small.config.batch_size == len(small.split.train) == 31
    assert len(small.train) == 1
    assert small.notes[0] == "batch_size: 31, all the train rows there are (64 is usual)"
    assert assembled(ROWS_108).config.batch_size == 64


@pytest.mark.parametrize("word", ["batch_size=64", "batch_size=32"])
def test_case_9_a_batch_that_was_typed_is_refused_where_there_are_fewer_rows(word: str) -> None:
    with pytest.raises(ConfigError, match=f"{word} is more than the 31 train rows; set batch_size=31 or less"):
        assembled([*SMALL, word])


@pytest.mark.parametrize("size", [64, 40])
def test_case_9_a_batch_that_a_recipe_names_is_refused_like_a_typed_one(size: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"batch_size={size} is more than the 31 train rows"):
        assembled([*SMALL, *recipe(tmp_path, f"batch_size: {size}")])


def test_case_9_a_recipe_that_names_no_batch_leaves_it_to_the_rows(tmp_path: Path) -> None:
    assert assembled([*SMALL, *recipe(tmp_path, "epochs: 3")]).config.batch_size == 31


def test_case_9_the_usual_batch_gives_way_where_batch_normalisation_would_be_left_with_one_row() -> None:
    words = [*TABLE[:-1], "dataset.num_rows=90", "model=dnn"]  # 65 train rows
    normalised = assembled([*words, "model.normalisation=batch"])
    assert normalised.config.batch_size == 63
    assert normalised.notes[0] == (
        "batch_size: 63; with 64 the last batch would hold one row, which batch normalisation cannot use"
    )
    assert assembled(words).config.batch_size == 64
    with pytest.raises(ConfigError, match="batch_size=64: the last of 2 batches would hold one row"):
        assembled([*words, "model.normalisation=batch", "batch_size=64"])


@pytest.mark.parametrize("preset", ["one_batch", "overfit_batch", "ten_steps", "profile", "anomaly"])
def test_case_9_a_look_for_a_fault_takes_the_rows_there_are(preset: str) -> None:
    config = assembled([*SMALL, f"debug={preset}"]).config
    assert config.batch_size == 31
    assert config.dataset.knobs["limit"] in (31, None)


def test_case_9_a_limit_that_was_typed_is_refused_where_there_are_fewer_rows() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.limit=64: there are 31 train rows"):
        assembled([*SMALL, "dataset.limit=64"])


def test_case_9_a_run_of_few_rows_is_stored_and_resumed_with_their_number(tmp_path: Path) -> None:
    words = [*SMALL, "epochs=4", "threads=1", "device=cpu"]
    assert program.run(["train", *words, f"output_dir={tmp_path}/whole"], tmp_path / "said").code == 0
    assert program.run(["train", *words, "epochs=2", f"output_dir={tmp_path}/cut"], tmp_path / "said").code == 0
    whole, run = only_run(tmp_path / "whole"), only_run(tmp_path / "cut")
    assert load_stored(run / "config.yaml").batch_size == 31
    assert program.run(["resume", str(run), "epochs=4"], tmp_path / "said").code == 0
    assert (run / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
    assert "batch_size: 31, all the train rows there are (64 is usual)" in read(whole / "summary.json")["data"]["notes"]


def test_case_9_each_fold_has_a_batch_of_its_own_rows(tmp_path: Path) -> None:
    words = [*SMALL, "epochs=1", "folds=4", "fold=all", "threads=1", "device=cpu", f"output_dir={tmp_path}"]
    assert program.run(["train", *words], tmp_path / "said").code == 0
    run = only_run(tmp_path)
    sizes = [load_stored(run / f"fold-{number}" / "config.yaml").batch_size for number in range(4)]
    assert sizes == [read(run / f"fold-{number}" / "summary.json")["data"]["splits"]["train"] for number in range(4)]
    assert len(set(sizes)) == 2  # 43 rows do not make 4 equal folds


@pytest.mark.parametrize("step", [3, 5])  # in the second fold, and in the third
def test_case_9_folds_that_were_killed_go_on_with_the_batch_of_each(step: int, tmp_path: Path) -> None:
    words = ["train", *SMALL, "epochs=2", "folds=4", "fold=all", "threads=1", "device=cpu", "tensorboard=off"]
    assert program.run([*words, f"output_dir={tmp_path}/whole"], tmp_path / "said").code == 0
    at = ("runner.engine.step:Stepper.step", step)
    cut = program.run([*words, f"output_dir={tmp_path}/cut"], tmp_path / "said", before="kill_before", at=at)
    assert cut.code == -9
    run, whole = only_run(tmp_path / "cut"), only_run(tmp_path / "whole")
    done = program.run(["resume", str(run)], tmp_path / "said")
    assert done.code == 0, done.err
    assert (run / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()
    for more in ("epochs=3", "epochs=4"):
        done = program.run(["resume", str(run), more], tmp_path / "said")
        assert done.code == 0, done.err


def test_case_47_a_table_is_trained_for_about_2000_steps_and_stopped_early() -> None:
    assert lengths() == (1000, 30, 20)
    assert assembled(ROWS_108).notes == (
        "epochs: 1,000, for about 2,000 steps; stops when val/loss has not improved for 30 epochs (early stopping)",
    )


def test_case_47_of_many_rows_no_more_than_ten_epochs_are_asked_for() -> None:
    large = assembled([*TABLE, "dataset.num_rows=20000"])  # 14,400 train rows, 225 steps an epoch
    assert (large.config.epochs, large.config.early_stopping.patience_epochs) == (10, None)
    assert (large.config.checkpoint.every_epochs, large.notes) == (1, ())


def test_members_side_by_side_are_trained_for_about_3500_steps() -> None:
    many = assembled([*ROWS_108[:2], "dataset.num_rows=1500", "dataset.num_classes=3", "model=tabular"])
    assert (len(many.train), many.config.epochs) == (9, 389)  # 1,080 train rows in batches of 128
    assert many.notes[-1].startswith("epochs: 389, for about 3,501 steps; stops when val/loss")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["epochs=10"], (10, None, 1)),
        (["epochs=300"], (300, None, 1)),
        (["epochs=auto"], (1000, 30, 20)),
        ([f"{STOPPING}=5"], (1000, 5, 20)),
        ([f"{STOPPING}=null"], (1000, None, 20)),
        (["early_stopping={patience_epochs:null}"], (1000, None, 20)),
        (["early_stopping.min_delta=0.1"], (1000, 30, 20)),
        ([f"{SAVING}=1"], (1000, 30, 1)),
        (["max_steps=7"], (10, None, 1)),
        (["max_steps=5000"], (2500, None, 50)),
        (["batch_size=1"], (19, None, 1)),
        (["repeat_batch=3"], (10, None, 1)),
        (["debug=one_batch"], (1, None, 1)),
        (["debug=overfit_batch"], (1, None, 1)),
        (["debug=anomaly"], (10, None, 1)),
        (["val_fraction=0"], (10, None, 1)),
        (["monitor=train/loss"], (10, None, 1)),
    ],
)
def test_case_47_what_was_said_stays_and_gets_no_early_stopping_unasked(
    words: list[str], expected: tuple[int, int | None, int]
) -> None:
    assert lengths(*words) == expected


def test_case_47_a_recipe_keeps_its_epochs_and_one_without_them_follows_the_data(tmp_path: Path) -> None:
    assert lengths(*recipe(tmp_path / "a", "epochs: 10")) == (10, None, 1)
    assert lengths(*recipe(tmp_path / "b", "seed: 1")) == (1000, 30, 20)
    assert lengths(*recipe(tmp_path / "c", "early_stopping: {patience_epochs: null}")) == (1000, None, 20)


def test_case_47_pictures_are_trained_for_ten_epochs() -> None:
    digits = assembled(["dataset=digits", "model=linear"])
    assert (digits.config.epochs, digits.config.early_stopping.patience_epochs) == (10, None)
    assert (digits.config.checkpoint.every_epochs, digits.notes) == (1, ())


def test_case_47_without_validation_rows_the_ten_epochs_are_said_to_be_few() -> None:
    assert assembled([*ROWS_108, "val_fraction=0"]).notes == (
        "epochs: 10, which may be few; train/loss does not say when to stop: "
        "choose more, epochs=100, or keep validation rows",
    )


def test_case_47_a_schedule_is_laid_out_over_all_the_steps() -> None:
    experiment = assembled([*ROWS_108, "scheduler=cosine_annealing_lr", "scheduler.interval=step"])
    assert experiment.parts.schedules[0].scheduler.T_max == 2000


def test_case_47_a_table_comes_near_the_linear_model_which_ten_epochs_do_not(tmp_path: Path) -> None:
    """A straight line through 150 rows."""
    x_NF = torch.randn(150, 3, generator=torch.Generator().manual_seed(0))
    rows = [f"{a:.4f},{b:.4f},{c:.4f},{3 * a - 2 * b + c + 40:.4f}" for a, b, c in x_NF.tolist()]
    (tmp_path / "line.csv").write_text("\n".join(["a,b,c,y", *rows]))
    words = ["train", "dataset=csv", f"dataset.path={tmp_path / 'line.csv'}", "dataset.target=y", "model=dnn"]
    words += ["threads=1", "device=cpu", "tensorboard=off"]
    r2 = []
    for name, more in (("auto", []), ("ten", ["epochs=10"])):
        done = program.run([*words, *more, f"output_dir={tmp_path / name}"], tmp_path / "said")
        assert done.code == 0, done.err
        summary = read(only_run(tmp_path / name) / "summary.json")
        r2.append(summary["best"]["test/r2"])
    assert r2[0] > 0.97 > r2[1]
    assert summary["remarks"] == ["20 steps in all; still improving at the last epoch: try epochs=100"]


@pytest.mark.parametrize("step", [35, 45])  # before the first save, and between two: 20 epochs of 2 steps lie between
def test_case_47_a_run_that_chose_its_own_length_is_stored_and_resumed_to_the_bit(step: int, tmp_path: Path) -> None:
    words = ["train", *ROWS_108, "optimizer.lr=0.5", "threads=1", "device=cpu", "tensorboard=off"]
    whole = program.run([*words, f"output_dir={tmp_path}/whole"], tmp_path / "said")
    at = ("runner.engine.step:Stepper.step", step)
    argv = [*words, f"output_dir={tmp_path}/cut"]
    cut = program.run(argv, tmp_path / "said", before="kill_before", at=at)
    assert (whole.code, cut.code) == (0, -9), (whole.err, cut.err)
    run, other = only_run(tmp_path / "cut"), only_run(tmp_path / "whole")
    config = load_stored(run / "config.yaml")
    assert (config.epochs, config.early_stopping.patience_epochs, config.checkpoint.every_epochs) == (1000, 30, 20)
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0
    assert (run / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()
    assert read(run / "summary.json")["status"] == read(other / "summary.json")["status"] == "stopped_early"
    for name in ("best", "last"):
        states = [torch.load(each / "checkpoints" / f"{name}.pt", weights_only=True) for each in (run, other)]
        assert states[0]["epoch"] == states[1]["epoch"]
        assert all(torch.equal(states[0]["model"][key], weight) for key, weight in states[1]["model"].items())


def test_case_47_a_run_that_was_begun_is_not_left_to_choose_its_epochs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = program.train(tmp_path, "epochs=1")
    assert main.main(["resume", str(run), "epochs=auto"]) == 2
    assert capsys.readouterr().err == (
        "error: epochs=auto: a started run has a number of epochs; give one, such as epochs=100\n"
    )


def test_case_47_a_script_of_a_table_has_the_number_of_epochs_and_the_patience(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["code", "dataset=iris", "model=linear"]) == 0
    script = capsys.readouterr().out
    assert "for epoch in range(1000):" in script and "elif epoch - best_epoch == 30:" in script


def test_case_47_a_schedule_of_a_table_is_drawn_over_its_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["view", "scheduler=step_lr", *TABLE[:-1], "dataset.num_rows=150"]) == 0
    assert capsys.readouterr().out.startswith("step_lr: adam lr 0.001, 1,000 epochs\n")


@pytest.mark.parametrize(("numeric", "told"), [("quantile", "brought to a normal"), ("robust", "quartiles 1 apart")])
def test_numbers_that_are_scaled_otherwise_than_usual_are_told(numeric: str, told: str) -> None:
    (note, *_) = assembled(["dataset=iris", "model=linear", f"dataset.numeric={numeric}"]).notes
    assert told in note and f"dataset.numeric={numeric}" in note


def test_a_target_that_is_learned_as_its_logarithm_is_told() -> None:
    (note, *_) = assembled(["dataset=diabetes", "model=linear", "dataset.target_transform=log1p"]).notes
    assert note.startswith("target: learned as its log1p, predicted in its own unit")
