"""``model=tabular`` and ``model=tabm`` as typed: trained, saved, resumed and asked."""

import json
from pathlib import Path

import pytest

import program
from program import contents, only_run

SMALL = ["model.hidden=[8]", "model.num_frequencies=2", "model.embedding_size=2", "threads=1", "device=cpu"]
TABULAR = ["model=tabular", "model.scales=[0.1,2]", *SMALL]
# with 320 validation rows, which are enough to pick by, and 23 steps an epoch
ROWS = ["dataset=random", "dataset.shape=[4]", "dataset.num_classes=3", "dataset.num_rows=4000", "batch_size=128"]


def train(folder: Path, *words: str, **how: object) -> program.Done:
    shown = ["tensorboard=off", f"output_dir={folder}", "epochs=2"]
    return program.run(["train", *shown, *words], folder / "said", **how)


def test_members_are_picked_said_saved_and_used(tmp_path: Path) -> None:
    done = train(tmp_path, *ROWS, *TABULAR)
    assert (done.code, done.err) == (0, "")
    run = only_run(tmp_path)
    summary = json.loads((run / "summary.json").read_text())
    picked = summary["picked"]
    assert list(picked) == ["periodic 0.1", "periodic 2", "piecewise", "plain"]
    assert 1 <= sum(picked.values()) <= 20
    names = [name for name, times in picked.items() if times]
    assert f"picked {len(names)} of 4 members by validation: {names[0]}" in done.out
    scored = program.run(["eval", str(run)], tmp_path / "said")
    assert f"{summary['best']['test/accuracy']:.4f}" in scored.out
    said = program.run(["predict", str(run), "--test-index", "0"], tmp_path / "said")
    assert said.code == 0 and "predicted" in said.out


@pytest.mark.parametrize("words", [TABULAR, ["model=tabm", "model.num_members=3", *SMALL]], ids=["tabular", "tabm"])
def test_its_pictures_are_those_of_a_table(tmp_path: Path, words: list[str]) -> None:
    assert train(tmp_path, "dataset=iris", "baselines.trees=[]", *words).code == 0
    drawn = program.run(["view", str(only_run(tmp_path)), "--out", str(tmp_path / "pictures")], tmp_path / "said")
    assert (drawn.code, drawn.err) == (0, "")
    pictures = {path.stem for path in (tmp_path / "pictures").iterdir()}
    assert pictures == {"curves", "confusion", "mistakes", "reliability", "saliency", "columns"}


@pytest.mark.parametrize("words", [TABULAR, ["model=tabm", "model.num_members=3", *SMALL]], ids=["tabular", "tabm"])
def test_a_killed_run_resumes_to_the_bit(tmp_path: Path, words: list[str]) -> None:
    assert train(tmp_path / "whole", *ROWS, *words).code == 0
    at = ("runner.engine.step:Stepper.step", 35)
    saves = "checkpoint.every_steps=8"
    assert train(tmp_path / "cut", *ROWS, *words, saves, before="kill_before", at=at).code == -9
    run = only_run(tmp_path / "cut")
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0
    cut, whole = contents(run)["last"]["model"], contents(only_run(tmp_path / "whole"))["last"]["model"]
    assert cut == whole


@pytest.mark.parametrize(
    "words",
    [
        ["dataset=diabetes", *TABULAR],
        ["dataset=breast_cancer", *TABULAR, "loss=bce_with_logits"],
        ["dataset=car", *TABULAR, "loss=multi_margin"],
        ["dataset=iris", *TABULAR, "grad_clip_norm=1", "fold=1", "folds=3"],
        ["dataset=diabetes", "model=tabm", "model.num_members=2", "model.embedding=periodic", *SMALL],
        ["dataset=iris", "model=tabm", "model.num_members=2", "model.shares_batches=true", *SMALL],
    ],
    ids=lambda words: f"{words[0]}-{words[1]}",
)
def test_numbers_and_classes_are_learned_under_the_usual_losses(tmp_path: Path, words: list[str]) -> None:
    done = train(tmp_path, *words)
    assert (done.code, done.err) == (0, "")


def test_without_validation_rows_all_members_answer(tmp_path: Path) -> None:
    assert train(tmp_path, "dataset=iris", *TABULAR, "val_fraction=0").code == 0
    assert "picked" not in json.loads((only_run(tmp_path) / "summary.json").read_text())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["dataset=digits", "model=tabular"],
            "model=tabular: is for tables, and these rows have the shape [1, 8, 8]; choose model=cnn, or model=dnn",
        ),
        (
            ["dataset=car", "model=tabm", "dataset.categorical=embedding"],
            "dataset.categorical=embedding: model=tabm takes categories as columns of 0 and 1; "
            "set dataset.categorical=onehot",
        ),
        (
            ["dataset=iris", "model=tabular", "loss=triplet_margin"],
            "loss=triplet_margin: model=tabular takes the mean of probabilities or numbers, and this loss learns "
            "places of rows; choose another loss, or model=dnn",
        ),
    ],
    ids=["pictures", "embedding", "places"],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, words: list[str], expected: str) -> None:
    done = train(tmp_path, *words)
    assert (done.code, done.err) == (2, f"error: {expected}\n")


@pytest.mark.parametrize("model", ["tabular", "tabm"])
def test_a_script_is_refused_and_what_to_do_instead_is_said(tmp_path: Path, model: str) -> None:
    done = program.run(["code", "dataset=iris", f"model={model}"], tmp_path / "said")
    assert (done.code, done.out, done.err) == (
        2,
        "",
        f"error: code: model={model}: trains several nets as one, and a script can show one net; set model=dnn, "
        "or use the trained net in Python: runner.load_run(RUN).predict(rows)\n",
    )
