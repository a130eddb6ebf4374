"""report as it is typed."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from past_runs import make_run, make_sweep
from runner.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)
    return tmp_path / "outputs"


def said(capsys: Capture, *argv: str, code: int = 0) -> tuple[list[str], str]:
    assert main.main(["report", *argv]) == code
    out, err = capsys.readouterr()
    return [line.rstrip() for line in out.splitlines()], err


def test_the_leaderboard(here: Path, capsys: Capture) -> None:
    for seed, loss in enumerate([0.25, 0.35]):
        make_run(here / f"wide-{seed}", loss, seed=seed)
    make_run(here / "narrow", 0.125, model__hidden=[8])
    make_run(here / "stopped", status="interrupted")
    lines, err = said(capsys)
    assert err == ""
    assert lines == [
        "iris: 3 runs; smallest val/loss first",
        "model.hidden   runs             val/loss     test/accuracy   best run",
        "[8]            1                  0.1250            0.8750   narrow",
        "[512,512]      2 seeds   0.3000 ± 0.0707   0.7000 ± 0.0707   wide-0",
        "model.hidden=[8] is ahead of model.hidden=[512,512] by 0.1250 in val/loss with the one seed that both have. "
        "One run each says nothing about luck; seeds do: seed=0,1,2,3,4.",
        "Being the best of 2, model.hidden=[8] likely owes some of its val/loss to luck.",
        "the best of them, and how to make it again",
        "  outputs/narrow",
        "  python -m runner train dataset=iris model=mlp loss=cross_entropy metric=accuracy 'model.hidden=[8]' "
        "epochs=10",
        "",
        "interrupted; python -m runner resume outputs/stopped",
    ]


def test_folds_of_one_command_are_made_again_by_one_command(here: Path, capsys: Capture) -> None:
    for fold, loss in enumerate([0.2, 0.1, 0.3]):
        make_run(here / "run" / f"fold-{fold}", loss, folds=3, fold=fold)
    lines, _ = said(capsys)
    assert lines[2].startswith("3 folds   0.2000 ± 0.1000") and lines[2].endswith("run/fold-1")
    assert lines[5].endswith("metric=accuracy folds=3 fold=all epochs=10")


def test_two_runs_are_told_apart(here: Path, capsys: Capture) -> None:
    make_run(here / "a", 0.5)
    make_run(here / "bb", 0.25, optimizer__lr=0.1, seed=3)
    lines, _ = said(capsys, "outputs/bb", "outputs/a")
    assert lines == [
        "A  outputs/a",
        "B  outputs/bb",
        "",
        "setting        A       B",
        "optimizer.lr   0.001   0.1",
        "seed           0       3",
        "",
        "metric          A        B        B - A",
        "step            4        4        +0",
        "epoch           2        2        +0",
        "val/loss        0.5000   0.2500   -0.25",
        "test/accuracy   0.5000   0.7500   +0.25",
    ]


def test_a_run_that_another_began_with_is_called_by_its_name(here: Path, capsys: Capture) -> None:
    make_run(here / "a", 0.5)
    make_run(here / "bb", 0.25, start_from="/outputs/day/12-00-c/checkpoints/best.pt@sha256:0123456789ab")
    assert said(capsys, "outputs/bb", "outputs/a")[0][4] == "start_from   -   12-00-c/best.pt"
    make_run(here / "ccc", 0.125, optimizer__lr=0.1)
    lines, _ = said(capsys)
    assert lines[3].split()[:2] == ["0.001", "12-00-c/best.pt"]
    assert lines[5].startswith("optimizer.lr=0.1 is ahead of optimizer.lr=0.001 start_from=12-00-c/best.pt by 0.1250")


def test_equal_runs_differ_in_no_setting(here: Path, capsys: Capture) -> None:
    make_run(here / "a")
    make_run(here / "bb")
    assert "no setting differs" in said(capsys)[0]


def test_csv_has_a_line_for_each_run_best_first(here: Path, capsys: Capture) -> None:
    make_run(here / "a", 0.5)
    make_run(here / "bb", 0.25, optimizer__lr=0.1)
    make_run(here / "ccc", status="running")
    lines, _ = said(capsys, "--csv")
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert [Path(row["run"]).name for row in rows] == ["bb", "a", "ccc"]
    assert [row["optimizer.lr"] for row in rows] == ["0.1", "0.001", "0.001"]
    assert [row["val/loss"] for row in rows] == ["0.25", "0.5", ""]


def test_json_has_every_run_whole_and_is_json_even_with_nan(here: Path, capsys: Capture) -> None:
    make_run(here / "a", float("nan"))
    lines, _ = said(capsys, "--json")
    (record,) = json.loads("\n".join(lines), parse_constant=lambda name: pytest.fail(name))
    assert record["config"]["model"]["hidden"] == [512, 512] and record["status"] == "finished"
    assert record["metrics"]["val/loss"] is None


def test_what_cannot_be_read_is_a_line_and_the_rest_is_shown(here: Path, capsys: Capture) -> None:
    make_run(here / "good")
    (make_run(here / "bad") / "summary.json").write_text("{")
    lines, err = said(capsys)
    assert lines[0] == "iris: 1 run; smallest val/loss first"
    assert err.startswith(f"warning: {here / 'bad' / 'summary.json'}: damaged: ") and err.count("\n") == 1


def test_case_38_a_run_that_cannot_be_read_is_no_fault_of_the_request(here: Path, capsys: Capture) -> None:
    (make_run(here / "bad") / "summary.json").write_text('{"a": ' * 100_000)
    _, err = said(capsys, code=3)
    assert err.count("\n") == 2 and "summary.json: damaged: nested more than 40 deep; left out\n" in err
    assert err.endswith("error: report: no run there can be read\n")


def test_only_the_top_is_shown_and_how_to_see_the_rest(here: Path, capsys: Capture) -> None:
    for number in range(4):
        make_run(here / f"{number}", number / 10, epochs=number + 1)
    lines, _ = said(capsys, "--top", "2")
    assert [line.split()[0] for line in lines[2:4]] == ["1", "2"] and lines[4] == "2 more: report --top 4"


def test_losses_of_different_kinds_are_not_compared_in_silence(here: Path, capsys: Capture) -> None:
    make_run(here / "a")
    make_run(here / "bb", loss__label_smoothing=0.1)
    make_run(here / "ccc", loss__label_smoothing=0.2)
    assert "values of different losses cannot be compared; rank by another metric: --by" in said(capsys)[0]
    assert "different losses" not in "".join(said(capsys, "--by", "test/accuracy")[0])


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "report: no run in outputs; make one: python -m runner train"),
        (["nowhere"], "report nowhere: no such directory; give a run, or a folder that runs lie in"),
        ([__file__], f"report {__file__}: is a file; give a run, or a folder that runs lie in"),
        (["--nothing"], "report: --nothing: no such flag; did you mean:\n"),
        (["--tops", "3"], "--tops: no such flag; did you mean:\n  python -m runner report --top 3\n"),
        (["wine"], "did you mean:\n  python -m runner report dataset=wine\n"),
        (["--top", "0"], "--top 0: a whole number of at least 1"),
        (["--csv", "--json"], "not allowed with argument"),
    ],
)
def test_a_wrong_request_is_told(argv: list[str], told: str, capsys: Capture) -> None:
    assert told in said(capsys, *argv, code=2)[1]


def test_a_run_given_by_its_name_is_answered_with_its_directory(here: Path, capsys: Capture) -> None:
    make_run(here / "2026-11-21/14-44-39-541040-c")
    _, err = said(capsys, "c", code=2)
    assert err.endswith("; did you mean:\n  python -m runner report outputs/2026-11-21/14-44-39-541040-c\n")


def test_a_metric_nobody_has_measured_is_told_with_those_there_are(here: Path, capsys: Capture) -> None:
    make_run(here / "a")
    _, err = said(capsys, "--by", "test/f1", code=2)
    assert err == "error: --by test/f1: no run here has measured it; choose val/loss, test/accuracy\n"


def test_without_any_score_there_is_nothing_to_rank_by(here: Path, capsys: Capture) -> None:
    make_run(here / "a", status="failed", best={})
    _, err = said(capsys, "--by", "test/accuracy", code=2)
    assert err.endswith("no run here has measured it; none has a score yet: leave out --by\n")


def test_the_folder_of_the_runs_is_named_as_for_every_verb_that_reads_them(here: Path, capsys: Capture) -> None:
    make_run(here / "elsewhere" / "a")
    out, _ = said(capsys, f"output_dir={here / 'elsewhere'}")
    assert out[0].startswith("iris: 1 run;")
    _, err = said(capsys, "output_dir=nowhere", code=2)
    assert err == "error: report: no run in nowhere; make one: python -m runner train\n"


def test_a_thousand_runs_are_told_within_three_seconds_and_without_torch(here: Path) -> None:
    for number in range(1000):
        make_run(here / f"{number}", number / 1000, seed=number % 5, optimizer__lr=number // 5)
    code = "import sys, time; began = time.process_time(); from runner.cli import main as cli; cli.main(['report'])\n"
    code += "print(time.process_time() - began, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    *lines, last = done.stdout.splitlines()
    assert lines[0] == "iris: 1,000 runs; smallest val/loss first" and "180 more: report --top 200" in lines
    seconds, torch = last.split()
    assert torch == "False" and float(seconds) < 3


def test_words_choose_the_runs_that_are_so(here: Path, capsys: Capture) -> None:
    for number, (width, lr) in enumerate([(8, 0.1), (8, 0.01), (16, 0.1)]):
        make_run(here / f"run-{number}", 0.5, model__hidden=[width], optimizer__lr=lr)
    assert said(capsys, "dataset=iris", "model=mlp")[0][0] == "iris: 3 runs; smallest val/loss first"
    assert said(capsys, "model.hidden=[16]", "optimizer.lr=1e-1")[0][0] == "iris: 1 run; smallest val/loss first"
    _, err = said(capsys, "dataset=wine", code=2)
    assert err == "error: report dataset=wine: no such run; dataset is iris\n"
    _, err = said(capsys, "lr=0.1", "--top", "1", code=2)
    assert err.endswith("did you mean:\n  python -m runner report optimizer.lr=0.1 --top 1\n")


def test_of_a_sweep_of_two_jobs_there_is_a_table(here: Path, capsys: Capture) -> None:
    folder = make_sweep(here / "sweeps" / "day" / "lr", ["0000-lr=0.1", "0001-lr=0.01", "0002-lr=0.001"])
    make_run(folder / "0000-lr=0.1", 0.5, optimizer__lr=0.1)
    make_run(folder / "0001-lr=0.01", 0.25, optimizer__lr=0.01)
    lines, err = said(capsys, "last")
    assert err == "last is the sweep outputs/sweeps/day/lr\n"
    assert [line.split()[0] for line in lines[:4]] == ["iris:", "optimizer.lr", "0.01", "0.1"]
    assert lines[-1] == "1 not started: python -m runner resume last"
    assert said(capsys, *map(str, folder.glob("*-lr=*")))[0][0].startswith("A  outputs/sweeps/")
    lines, _ = said(capsys, "last", "--top", "1", "optimizer.lr=0.1,0.01")
    assert lines[2].startswith("0.01") and lines[3] == "1 more: report --top 2"
    assert said(capsys, "last", "--json")[0][0] == "["


def test_a_sweep_of_which_nothing_has_begun_is_said(here: Path, capsys: Capture) -> None:
    make_sweep(here / "sweeps" / "day" / "lr", ["0000-lr=0.1"])
    assert said(capsys, "last", code=2)[1].endswith("no job of the sweep outputs/sweeps/day/lr has begun yet\n")


def test_a_run_that_was_killed_is_stopped_in_every_form(here: Path, capsys: Capture) -> None:
    make_run(here / "killed", status="running")
    lines, _ = said(capsys)
    assert lines == ["stopped; python -m runner resume outputs/killed"]
    assert '"status": "stopped"' in "".join(said(capsys, "--json")[0])
    assert ",stopped," in said(capsys, "--csv", "status=stopped")[0][1]
