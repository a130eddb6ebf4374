"""runner from Python: as a notebook calls it, in its process, from its threads."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

import program
import runner
from past_runs import make_run
from runner.config.catalog import Catalog, conf_folders
from runner.config.stored import load_stored
from runner.data.iris import COLUMNS
from runner.errors import ConfigError, DataError
from runner.experiment.assemble import Experiment, assemble
from runner.runs.leaderboard import JobResult, write_leaderboard
from runner.runs.ranking import read_run

ROOT = Path(__file__).parents[1]
IRIS = ["dataset=iris", "model=dnn", "model.hidden=[8]", "optimizer.lr=0.05", "epochs=3", "device=cpu"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> runner.Run:
    return runner.run([*IRIS, f"output_dir={tmp_path_factory.mktemp('iris')}"])


def test_a_run_tells_its_settings_results_and_curve(iris: runner.Run) -> None:
    assert iris.config["model"]["hidden"] == [8] and iris.config["epochs"] == 3
    assert iris.summary["status"] == "finished"
    assert iris.metrics.index.name == "step" and list(iris.metrics["epoch"]) == [1, 2, 3]
    assert iris.metrics["val/loss"].iloc[-1] == iris.summary["final"]["val/loss"]
    assert repr(iris) == f"<Run {iris.path}: finished>"


def test_it_is_the_run_of_the_command_line_to_the_bit(iris: runner.Run, here: Path) -> None:
    done = program.run(["train", *IRIS, f"output_dir={here}"], here / "said")
    assert done.code == 0, done.err
    typed = program.only_run(here)
    assert (typed / "metrics.jsonl").read_bytes() == (iris.path / "metrics.jsonl").read_bytes()


def test_rows_come_as_an_array_a_tensor_lists_or_a_frame_and_get_names(iris: runner.Run) -> None:
    x = [[5.1, 3.5, 1.4, 0.2], [6.5, 3.0, 5.8, 2.2]]
    names = ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"]
    frame = pd.DataFrame(x, columns=names)[names[::-1]]
    answers = [iris.predict(rows).tolist() for rows in (x, np.array(x), torch.tensor(x), frame)]
    assert answers == [["setosa", "virginica"]] * 4
    probabilities = iris.predict_proba(x)
    assert list(probabilities) == ["setosa", "versicolor", "virginica"]
    assert probabilities.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert iris.predict(np.empty((0, 4))).shape == (0,)


def rebuilt(run: runner.Run) -> Experiment:
    """With the rows of its data set."""
    with torch.random.fork_rng():
        return assemble(load_stored(run.path / "config.yaml"), Catalog(conf_folders()))


def test_the_model_is_the_judged_one_in_evaluation_mode(iris: runner.Run) -> None:
    experiment = rebuilt(iris)
    x_NF, y_N = experiment.data.x[experiment.split.test], experiment.data.y[experiment.split.test]
    assert not iris.model.training
    hits = iris.model(iris.preprocess(x_NF)).argmax(1) == y_N
    assert hits.double().mean().item() == pytest.approx(iris.summary["best"]["test/accuracy"])


def test_two_classes_by_one_output_and_numbers(here: Path) -> None:
    binary = runner.run(["dataset=breast_cancer", "model=linear", "epochs=2", "optimizer.lr=0.01"])
    x_NF = rebuilt(binary).data.x[:5]
    assert binary.predict_proba(x_NF).idxmax(axis=1).tolist() == binary.predict(x_NF).tolist()
    number = runner.run(["dataset=diabetes", "model=linear", "epochs=1"])
    assert number.predict(rebuilt(number).data.x[:3]).shape == (3,)
    with pytest.raises(runner.RunnerError, match="predicts numbers, not classes; use predict"):
        number.predict_proba(rebuilt(number).data.x[:3])


@pytest.mark.parametrize("categorical", ["onehot", "embedding"])
def test_categories_come_by_their_names(categorical: str) -> None:
    run = runner.run(["dataset=car", "model=linear", "epochs=1", f"dataset.categorical={categorical}"])
    cars = pd.DataFrame([["low", "low", "4", "4", "big", "high"], ["vhigh", "vhigh", "2", "2", "small", "low"]])
    cars.columns = ["buying", "maint", "doors", "persons", "lug_boot", "safety"]
    assert len(run.predict(cars)) == 2
    with pytest.raises(runner.RunnerError, match="x: safety=none: is not one of low, med, high"):
        run.predict(cars.assign(safety="none"))
    with pytest.raises(runner.RunnerError, match="x: has no column doors"):
        run.predict(cars.drop(columns="doors"))


def test_an_empty_cell_is_no_number(iris: runner.Run) -> None:
    flowers = pd.DataFrame([[5.1, 3.5, 1.4, float("nan")]], columns=list(COLUMNS))
    with pytest.raises(
        runner.RunnerError, match="x: petal_width_cm=nan: is empty, and no train row lacked a value here"
    ):
        iris.predict(flowers)
    assert iris.predict(flowers.assign(petal_width_cm=True)) == iris.predict([[5.1, 3.5, 1.4, 1.0]])


@pytest.mark.parametrize(
    ("x", "told"),
    [
        ([5.1, 3.5, 1.4, 0.2], r"shape \[4\]; rows of this data are \['N', 4\]; a single row is x\[None\]"),
        ([[1.0, 2.0]], r"shape \[1, 2\]"),
        ([["a", "b", "c", "d"]], "x: is not an array of numbers"),
        ([[1.0, 2, 3, 4], [1, 2, float("nan"), 4]], "x: row 1: petal_length_cm=nan: is not a number"),
        (np.zeros((1, 4), complex), r"x: holds complex numbers, complex128; give real ones"),
        (pd.DataFrame(), "x: has no column sepal_length_cm, .*; it has none"),
        (pd.DataFrame([[1.0] * 5], columns=[*COLUMNS, COLUMNS[0]]), "x: has sepal_length_cm twice; which one is meant"),
        ([[1e300, 2, 3, 4]], "x: row 0: sepal_length_cm=inf: is not a number"),
        ([[1.0, 2, 3, 4], [3e38, 3e38, -3e38, 3e38]], "x: row 1: the net's output is not a number"),
    ],
)
def test_rows_that_do_not_fit_are_told(iris: runner.Run, x: object, told: str) -> None:
    with pytest.raises(runner.RunnerError, match=told):
        iris.predict(x)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset=iris", "model=dnn", "epochz=3"], "did you mean epochs=3"),
        (["-m", "seed=0,1"], "runner.run: -m: it makes one run from key=value words, and takes no flags"),
        (["--help"], "takes no flags"),
        (["train", "dataset=iris"], "runner.run: train: leave it out, it is what runner.run does"),
        (["seed=0,1"], "several values for one run"),
        ("dataset=iris epochs=1", r"give the words as a list: \['dataset=iris', 'epochs=1'\]"),
        (["dataset=image_folder", "dataset.path=nowhere"], "nowhere"),
    ],
)
def test_what_is_wrong_is_an_exception_and_leaves_nothing(words: list[str], told: str, here: Path) -> None:
    with pytest.raises(runner.RunnerError, match=told):
        runner.run(words)
    assert list(here.iterdir()) == []


def test_what_is_no_run_is_an_exception(here: Path) -> None:
    with pytest.raises(runner.RunnerError, match="no such directory"):
        runner.load_run(here / "nowhere")
    with pytest.raises(runner.RunnerError, match="not a run directory"):
        runner.load_run(here)
    with pytest.raises(runner.RunnerError, match="no run under"):
        runner.load_run("last")


def test_above_folds_one_of_them_is_to_be_loaded(here: Path) -> None:
    whole = runner.run(["dataset=iris", "model=linear", "epochs=1", "folds=3", "fold=all", "device=cpu"])
    assert whole.summary["status"] == "finished"
    for ask in (lambda: whole.metrics, lambda: whole.model):
        with pytest.raises(runner.RunnerError, match=r"holds 3 folds; load one: load_run\('.*fold-0'\)"):
            ask()
    assert len(runner.load_run(whole.path / "fold-0").predict([[5.1, 3.5, 1.4, 0.2]])) == 1


@pytest.mark.usefixtures("iris")  # what torch's libraries set when they are first used is set already
def test_nothing_is_left_behind_in_the_process(here: Path) -> None:
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    torch.manual_seed(5), random.seed(5), np.random.seed(5)
    drawn = [torch.rand(1).item(), random.random(), np.random.rand()]
    torch.manual_seed(5), random.seed(5), np.random.seed(5)
    threads, environment = torch.get_num_threads(), dict(os.environ)
    run = runner.run([*IRIS, "threads=1"])
    assert len(run.predict([[5.1, 3.5, 1.4, 0.2]])) == 1
    assert [torch.rand(1).item(), random.random(), np.random.rand()] == drawn
    assert (torch.get_num_threads(), dict(os.environ)) == (threads, environment)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert GlobalHydra.instance().hydra is None and HydraConfig.instance().cfg is None
    assert Path.cwd() == here


def test_a_thread_may_run_and_output_need_not_be_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())  # what a kernel puts there has no descriptor
    made: list[runner.Run] = []
    thread = threading.Thread(target=lambda: made.append(runner.run(IRIS)))
    thread.start()
    thread.join(60)
    assert made[0].summary["status"] == "finished"


def test_importing_it_is_light_and_unknown_names_are_told() -> None:
    code = "import sys, runner; print({'torch', 'hydra', 'yaml', 'pandas'} & set(sys.modules), runner.RunnerError)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set() <class 'runner.errors.RunnerError'>\n"
    with pytest.raises(AttributeError, match="module 'runner' has no attribute 'nothing'"):
        runner.nothing  # noqa: B018


def test_the_notebook_runs_cell_by_cell_in_a_process_of_its_own(here: Path) -> None:
    book = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5 and all(not cell.get("outputs") for cell in book["cells"])
    script = here / "cells.py"
    script.write_text("\n\n".join([*cells[:-1], f"assert {cells[-1]}"]), encoding="utf-8")
    done = program.run_script(script, here / "said")
    assert done.code == 0, done.err
    assert "did you mean epochs=5" in done.out


@pytest.fixture
def swept(here: Path) -> runner.Sweep:
    """Two learning rates with two seeds each, and a job that failed."""
    jobs = []
    values = {(0.1, 0): 0.4, (0.1, 1): 0.5, (0.01, 0): 0.1, (0.01, 1): 0.2}
    for number, ((lr, seed), loss) in enumerate(values.items()):
        run = make_run(here / f"{number:04}-lr={lr}-seed={seed}", loss, seed=seed, optimizer__lr=lr)
        words = {"optimizer.lr": str(lr), "seed": str(seed), "model": "mlp"}
        jobs.append(JobResult(number, run.name, words, "finished", read_run(run)))
    jobs.append(JobResult(4, "0004-lr=9", {"optimizer.lr": "9", "seed": "0", "model": "mlp"}, "failed", None, "why"))
    write_leaderboard(here, jobs, "failed", {})
    return runner.Sweep(here)


def test_a_sweep_tells_its_jobs_its_groups_its_best_and_what_can_be_said(swept: runner.Sweep) -> None:
    jobs = swept.jobs
    assert list(jobs.columns[:3]) == ["optimizer.lr", "seed", "status"] and jobs.index.tolist() == [0, 1, 2, 3, 4]
    assert jobs["optimizer.lr"].tolist() == [0.1, 0.1, 0.01, 0.01, 9.0] and jobs["status"].iloc[4] == "failed"
    assert jobs["val/loss"].tolist()[:4] == [0.4, 0.5, 0.1, 0.2] and np.isnan(jobs["val/loss"].iloc[4])
    groups = swept.groups
    assert list(groups.columns[:4]) == ["optimizer.lr", "n", "val/loss", "val/loss sd"]
    assert groups["optimizer.lr"].tolist() == [0.01, 0.1] and groups["n"].tolist() == [2, 2]
    assert groups["val/loss"].tolist() == pytest.approx([0.15, 0.45])
    assert groups["val/loss sd"].tolist() == pytest.approx([0.0707107, 0.0707107])
    assert swept.summary["winner"] == "0002-lr=0.01-seed=0"
    assert swept.conclusion.startswith(
        "optimizer.lr=0.01 is ahead of optimizer.lr=0.1 by 0.3000 in val/loss, by the same"
    )
    assert repr(swept) == f"<Sweep {swept.path}: failed>"


def test_a_sweep_of_which_no_job_has_finished_has_no_best(here: Path) -> None:
    write_leaderboard(here, [JobResult(0, "0000", {}, "failed", None)], "failed", {})
    sweep = runner.Sweep(here)
    assert sweep.groups.empty and sweep.jobs["status"].tolist() == ["failed"]
    with pytest.raises(DataError, match="no job is the best: none has finished, or not all can be compared"):
        _ = sweep.best


def test_a_sweep_runs_from_a_notebook_in_a_process_of_its_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in IRIS if not word.startswith("optimizer.lr")]
    sweep = runner.run_sweep([*words, "optimizer.lr=0.05,0.01", "tensorboard=off", "sweep.check=false"])
    assert sweep.jobs["status"].tolist() == ["finished", "finished"]
    out, err = capsys.readouterr()
    assert "job 1 of 2" in out and "One run each says nothing about luck" in out and err == ""
    assert sweep.best.path.parent == sweep.path and sweep.path.is_relative_to(here / "outputs" / "sweeps")
    assert sweep.best.config["optimizer"]["lr"] == sweep.groups["optimizer.lr"].iloc[0]
    assert len(sweep.best.predict([[5.1, 3.5, 1.4, 0.2]])) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("optimizer.lr=0.1,0.01", "run_sweep: give the words as a list"),
        (["-m", "seed=0,1"], "runner.run_sweep: -m: leave it out: it makes a sweep from key=value words"),
        (["train", "seed=0,1"], "runner.run_sweep: train: leave it out"),
        (["optimizer.lr=0.1,x"], "optimizer.lr=x: must be a number > 0"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_an_exception_and_leaves_nothing(words: list[str], told: str, here: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        runner.run_sweep(words)
    assert not (here / "outputs").exists()


def test_a_notebook_shows_the_message_of_a_mistake_and_its_traceback_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = ConfigError("optimizer.lr=abc: is no number")
    assert fault._render_traceback_() == ["error: optimizer.lr=abc: is no number"]  # IPython asks for it by this name
    monkeypatch.setenv("RUNNER_DEBUG", "1")
    assert fault._render_traceback_()[-1].startswith("runner.errors.ConfigError: ")
