"""The command line of a run, put back into the program, gives the run's own config."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from past_runs import make_run
from program import TINY, run
from runner.compose.command import command, command_of_best
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, packaged_conf
from runner.config.run_config import Config
from runner.runs.ranking import contests, read_runs

CATALOG = Catalog([packaged_conf()])


def composed(words: list[str]) -> Config:
    return compose(parse(words)).config


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dataset=iris", "model=dnn", "model.hidden=[32,16]", "model.normalisation=batch", "epochs=3"],
        ["optimizer=sgd", "optimizer.lr=1e-7", "optimizer.nesterov=true", "optimizer.momentum=0.9"],
        ["metric=[accuracy,f1]", "metric.f1.average=micro", "monitor=val/f1"],
        ["scheduler=multi_step_lr", "scheduler.milestones=[1,2]", "early_stopping.patience_epochs=3"],
        ["dataset.transforms=[{scale:{divisor:16}},{normalise:{mean:[0.5],std:[1]}},flatten]"],
        ["name='12'", """tags=['true',"it's, so",'null',a b]""", "val_fraction=0"],
        [
            "name=한글 이름",
            "trusted=[mine]",
            "seed=7",
            "folds=5",
            "fold=2",
            "dataset=random",
            "dataset.shape=[3,32,32]",
        ],
        ["dataset=csv", "dataset.path=a.csv", "dataset.target=y", "dataset.columns={a: [S,M], b: ignored}"],
        ["dataset=csv", "dataset.path=아파트 1.csv", "dataset.target=거래금액(원)"],
        [
            "dataset=csv",
            "dataset.path=a.csv",
            "dataset.target=y",
            "dataset.columns={'a, \"b': [가,it's], 2019: numeric}",
        ],
        ["experiment=mnist_dnn_validated", "checkpoint.every_steps=5"],
        ["scheduler=warmup_cosine", "scheduler.milestones=[3]"],
        ["scheduler=sequential_lr", "scheduler.schedulers=[{linear_lr:{total_iters:2}},step_lr]"],
        ["name=wide-lr=0.01-hidden=64+64", "tags=[a=b]"],
    ],
    ids=" ".join,
)
def test_a_config_comes_back(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = composed(words)
    again = shlex.split(command(config.as_dict(), CATALOG))
    assert again[:4] == ["python", "-m", "runner", "train"]
    left, right = config.as_dict(), composed(again[4:]).as_dict()
    del left["reference"], right["reference"]
    if not any(word.startswith("name=") for word in again):
        del left["name"], right["name"]  # which says what was typed, in its order
    assert left == right


def test_what_is_as_everywhere_is_not_said() -> None:
    assert command(composed([]).as_dict(), CATALOG) == "python -m runner train model=cnn"
    told = command(composed(["optimizer=sgd", "optimizer.lr=0.001", "epochs=11"]).as_dict(), CATALOG)
    assert told == "python -m runner train model=cnn optimizer=sgd epochs=11"


def test_links_of_a_chain_are_said_as_they_are_typed() -> None:
    same = command(composed(["scheduler=warmup_cosine"]).as_dict(), CATALOG)
    assert same == "python -m runner train model=cnn scheduler=warmup_cosine"
    links = "scheduler.schedulers=[{linear_lr:{total_iters:2}},step_lr]"
    assert shlex.split(command(composed(["scheduler=sequential_lr", links]).as_dict(), CATALOG))[-1] == links


def test_a_value_with_an_equals_sign_needs_no_quotes() -> None:
    told = command(composed(["name=wide-lr=0.01"]).as_dict(), CATALOG)
    assert told == "python -m runner train model=cnn name=wide-lr=0.01"


def test_an_option_that_is_not_here_is_said_with_all_its_knobs(tmp_path: Path) -> None:
    tree = composed(["model=linear"]).as_dict()
    tree["options"]["model"], tree["model"] = "mine", {"_target_": "mine.Net", "width": 3}
    told = command(tree, CATALOG)
    assert told == "python -m runner train model=mine model.width=3 name=linear-digits"


def test_the_best_of_a_contest_is_trained_again_to_the_bit(tmp_path: Path) -> None:
    words = [word for word in TINY if not word.startswith("threads=")]  # left to the machine, whose bits they are
    for seed in (0, 1):
        assert run(["train", *words, f"seed={seed}", f"output_dir={tmp_path}/first"], tmp_path).code == 0
    (contest,) = contests(read_runs([tmp_path / "first"])[0])
    again = shlex.split(command_of_best(contest, CATALOG))
    assert f"threads={contest.entries[0].runs[0].summary['threads']}" in again
    moved = [word for word in again[3:] if not word.startswith("output_dir=")]
    assert run([*moved, f"output_dir={tmp_path}/second"], tmp_path).code == 0
    (second,) = (tmp_path / "second").glob("20*/*")
    first = contest.best_run(contest.entries[0]).path
    assert (second / "metrics.jsonl").read_bytes() == (first / "metrics.jsonl").read_bytes()


def test_folds_are_trained_again_by_one_command(tmp_path: Path) -> None:
    for fold in range(2):
        make_run(tmp_path / f"{fold}", folds=2, fold=fold, threads=3)
    (contest,) = contests(read_runs([tmp_path])[0])
    words = shlex.split(command_of_best(contest, CATALOG))
    assert "fold=all" in words and "threads=3" in words
    assert shlex.split(command_of_best(contest, CATALOG, "my conf"))[3:6] == ["train", "--config-dir", "my conf"]


def test_a_name_in_hangul_is_quoted_for_the_shell_alone() -> None:
    config = composed(["dataset=csv", "dataset.path=집.csv", "dataset.target=거래금액(원)"])
    assert "'dataset.path=집.csv' 'dataset.target=거래금액(원)'" in command(config.as_dict(), CATALOG)
