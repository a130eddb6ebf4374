"""A ranking on the screen: what its width leaves room for, and what is said below."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from past_runs import make_run
from runner.runs.ranking import Score, contests, read_runs
from runner.screen.contest import score_text, show_contest, unfinished_text


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(folder: Path, width: int) -> list[str]:
    console = Console(width=width, markup=False)
    (contest,) = contests(read_runs([folder])[0])
    with console.capture() as capture:
        show_contest(console, contest, "python -m runner train")
    return [line.rstrip() for line in capture.get().splitlines()]


def test_seeds_are_put_together_and_the_best_is_held_against_the_next(here: Path) -> None:
    for lr, losses in {0.1: (0.1, 0.1, 0.1), 0.01: (0.1, 0.3, 0.2)}.items():
        for seed, loss in enumerate(losses):
            make_run(here / "sweep" / f"{lr}-{seed}", loss, optimizer__lr=lr, seed=seed)
    assert printed(here, 80) == [
        "iris: 6 runs; smallest val/loss first",
        "optimizer.lr   runs             val/loss     test/accuracy   best run",
        "0.1            3 seeds   0.1000 ± 0.0000   0.9000 ± 0.0000   0.1-0",
        "0.01           3 seeds   0.2000 ± 0.1000   0.8000 ± 0.1000   0.01-0",
        "optimizer.lr=0.1 is ahead of optimizer.lr=0.01 by 0.1000 in val/loss, 95 %",
        "interval -0.1484 to 0.3484 (paired t test over 3 seeds, p = 0.23). 3 seeds do",
        "not tell them apart; about 7 more would show a difference of this size.",
        "Being the best of 2, optimizer.lr=0.1 likely owes some of its val/loss to luck.",
        "the best of them, and how to make it again",
        "  sweep/0.1-0",
        "  python -m runner train",
        "",
    ]


def test_columns_without_room_are_named_and_no_cell_is_broken(here: Path) -> None:
    for lr in (0.1, 0.01):
        make_run(here / f"a-long-name-of-a-run-that-takes-its-room-{lr}", lr, optimizer__lr=lr)
    assert printed(here, 60)[1:5] == [
        "optimizer.lr   val/loss   test/accuracy",
        "0.01             0.0100          0.9900",
        "0.1              0.1000          0.9000",
        "1 column more: run: --wide, --csv",
    ]


def test_brackets_in_a_value_are_text(here: Path) -> None:
    for activation in ("[bold]", "[64]"):
        make_run(here / activation, model__activation=activation)
    assert any(line.startswith("[bold]") for line in printed(here, 80))


def test_values_of_a_net_that_diverged_leave_room_for_the_others() -> None:
    assert score_text(Score(95_926_936_229_205.0, 106_973_161_920_801.0)) == "9.6e+13 ± 1.1e+14"
    assert score_text(Score(2e7, None)) == "2.0e+07" and score_text(None) == "-"


def test_what_is_not_done_is_told_with_its_folder_to_paste_and_the_reason(here: Path) -> None:
    told = unfinished_text("failed", "loss is not finite at step 12", here / "sweep/0002-lr=9")
    assert told.plain == "failed: sweep/0002-lr=9\n  loss is not finite at step 12"
