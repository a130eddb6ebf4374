"""``view SWEEP`` as typed."""

import json
import math
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from past_runs import make_jobs, make_run
from program import fingerprints
from runner.cli import main

Capture = pytest.CaptureFixture[str]
JOBS = [(f"optimizer.lr={lr} seed={seed}", lr + seed / 100, "finished") for lr in (0.1, 0.2, 0.4) for seed in (0, 1)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_OUTPUTS", "outputs")
    make_jobs(tmp_path / "outputs" / "lr", *JOBS)
    return tmp_path


def viewed(capsys: Capture, *words: str, code: int = 0) -> tuple[str, str]:
    assert main.main(["view", *words]) == code
    return capsys.readouterr()


def test_a_sweep_is_one_picture_and_last_may_be_one(here: Path, capsys: Capture) -> None:
    before = fingerprints(here / "outputs")
    out, err = viewed(capsys, "last")
    assert err == "last is the sweep outputs/lr\n"
    assert out.splitlines() == [
        "lr: 6 jobs; best val/loss 0.1050 with lr=0.1",
        "importance: too few jobs to tell: 3 combinations finished, it takes 10",
        "written to sweep.png",
    ]
    with Image.open("sweep.png") as image:
        assert image.width >= 800 and image.height > 1000
    assert fingerprints(here / "outputs") == before
    assert "sweep.png: there already; replace it with --overwrite" in viewed(capsys, "outputs/lr", code=2)[1]
    assert viewed(capsys, "outputs/lr", "--overwrite") == (out, "")


def test_one_of_them_or_some_by_name_in_the_form_of_the_file(here: Path, capsys: Capture) -> None:
    assert viewed(capsys, "outputs/lr", "parallel")[0].endswith("written to parallel.png\n")
    viewed(capsys, "outputs/lr", "slices", "history", "--out", "both.svg")
    viewed(capsys, "outputs/lr", "history", "--out", "h.pdf")
    assert Path("both.svg").read_text().startswith("<?xml") and Path("h.pdf").read_bytes().startswith(b"%PDF")


def test_what_cannot_be_told_is_no_picture(here: Path, capsys: Capture) -> None:
    _, err = viewed(capsys, "outputs/lr", "importance", code=3)
    assert err == "error: importance: too few jobs to tell: 3 combinations finished, it takes 10\n"
    assert os.listdir() == ["outputs"]


def test_pruned_failed_and_lost_jobs_are_counted_and_said(here: Path, capsys: Capture) -> None:
    jobs = [*JOBS, ("optimizer.lr=3.0 seed=0", None, "failed"), ("optimizer.lr=2.0 seed=0", 0.9, "pruned")]
    shutil.rmtree(make_jobs(here / "outputs" / "more", *jobs) / "0001-job")
    out, err = viewed(capsys, "outputs/more")
    assert out.startswith("more: 7 jobs (1 failed, 1 pruned); best val/loss 0.1100 with lr=0.1\n")
    assert err == "warning: 0001-job: its folder is gone\n"


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        ([("optimizer.lr=0.1", None, "failed"), ("optimizer.lr=0.2", None, "waiting")], "without a finished job"),
        ([("optimizer.lr=0.1", math.inf, "finished")], "no finished job has a monitor that is a finite number"),
        ([("optimizer.lr=0.1", 0.1, "finished")], "outputs/few: has a single job\n  its curves: python -m runner"),
        ([(f"optimizer.lr=0.1 seed={n}", 0.1, "finished") for n in (0, 1)], "view outputs/few curves"),
    ],
    ids=["none is finished", "an infinite loss", "one job", "seeds alone"],
)
def test_a_sweep_with_nothing_to_compare_is_told(
    here: Path, capsys: Capture, jobs: list[tuple[str, float | None, str]], told: str
) -> None:
    make_jobs(here / "outputs" / "few", *jobs)
    assert told in viewed(capsys, "outputs/few", code=3)[1]
    assert os.listdir() == ["outputs"]


def test_the_curves_of_its_jobs_can_be_asked_for_and_the_best_job_has_those_of_a_run(
    here: Path, capsys: Capture
) -> None:
    assert "none of these runs has measured an epoch yet" in viewed(capsys, "outputs/lr", "curves", code=3)[1]
    err = viewed(capsys, "outputs/lr", "confusion", code=3)[1]
    assert err.startswith("outputs/lr is a sweep; its best job 0001-job\nerror: "), "a run made by hand has no config"


def test_a_wrong_request_is_told(here: Path, capsys: Capture) -> None:
    make_run(here / "outputs" / "run")
    for words, told in (
        (["outputs/run", "parallel"], "view: parallel: shows a sweep; name one"),
        (["outputs/lr", "paralel"], "did you mean:\n  python -m runner view outputs/lr parallel\n"),
        (["outputs/lr", "parallel", "weights"], "view: parallel: of the sweep; weights: of its jobs; one after the"),
        (["outputs/lr", "--out", "a.jpg"], "--out a.jpg: pictures are drawn as .png, .svg or .pdf, as a.png"),
        (["outputs/lr", "--out", "no/a.png"], "there is no folder no"),
        (["outputs/lr", "checkpoint=best"], "checkpoint=best: view takes the run as it is"),
    ):
        assert told in viewed(capsys, *words, code=2)[1]
    assert os.listdir() == ["outputs"]


def test_hangul_and_markup_in_names_are_drawn_as_they_are(here: Path, capsys: Capture) -> None:
    lines = [f'{{"job": {n}, "words": ["name=실험 <script> $x_{n}$"], "folder": "000{n}-job"}}' for n in (1, 2)]
    sweep = make_jobs(here / "outputs" / "이름 <b>", *JOBS[:2])
    (sweep / "journal.jsonl").write_text("\n".join([*lines, ""]))
    out, _ = viewed(capsys, "outputs/이름 <b>", "--out", "n.svg")
    assert "이름 <b>: 2 jobs; best val/loss 0.1000 with name=실험 <script> $x_1$" in out
    assert "<script>" not in Path("n.svg").read_text()


def test_a_sweep_of_an_older_build_without_a_journal_is_drawn_by_the_settings_of_its_runs(
    here: Path, capsys: Capture
) -> None:
    old = here / "outputs" / "old"
    for number, lr in enumerate((0.1, 0.2)):
        make_run(old / f"{number}", lr, optimizer__lr=lr)
    (old / "multirun.yaml").write_text("{}")
    assert json.loads((old / "0" / "summary.json").read_text())["best"]["val/loss"] == 0.1
    assert viewed(capsys, "outputs/old")[0].startswith("old: 2 jobs; best val/loss 0.1000 with lr=0.1\n")
