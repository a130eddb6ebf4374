"""Searches as they are typed, of jobs of a moment."""

from __future__ import annotations

import json
from pathlib import Path

from sweeps import begun, facts, typed

JOBS = ["dataset=iris", "model=linear", "optimizer.lr=tag(log,interval(1e-3,1))", "threads=1", "tensorboard=off"]
TYPED = ["train", "-m", *JOBS, "sweep.dir=sweep", "sweep.check=false", "baselines.trees=[]"]


def summary(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return content


def test_a_survivor_of_halving_has_the_bits_of_a_run_that_was_never_held(tmp_path: Path) -> None:
    done = typed(tmp_path, *TYPED, "search=halving", "search.trials=3", "epochs=4", "tensorboard=scalars")
    assert done.code == 0, done.err
    told = "6 epochs, 50% of the 12 of all settings"
    assert told in done.out and "goes on after epoch 1" in done.out and "2 of 3 jobs pruned by the search" in done.out
    sweep = tmp_path / "sweep"
    jobs = summary(sweep)["jobs"]
    assert isinstance(jobs, list) and sorted(job["status"] for job in jobs) == ["finished", "pruned", "pruned"]
    assert [job["trial"] for job in jobs] == [0, 1, 2] and summary(sweep)["status"] == "finished"
    winner = sweep / str(summary(sweep)["winner"])
    held = next(sweep / job["folder"] for job in jobs if job["status"] == "pruned")
    assert summary(held)["status"] == "pruned" and len((held / "metrics.jsonl").read_text().splitlines()) == 1
    assert "test/loss" not in str(summary(held)["best"])
    events = b"".join(path.read_bytes() for path in held.glob("events.out.*"))
    assert b"_hparams_/session_end_info" in events and b"best/val/loss" in events
    rate = json.loads((winner / "summary.json").read_text())["config"]["optimizer"]["lr"]
    alone = ["train", *(word for word in JOBS if "interval" not in word), f"optimizer.lr={rate}", "epochs=4"]
    assert typed(tmp_path, *alone, "baselines.trees=[]", "output_dir=o").code == 0
    (run,) = tmp_path.glob("o/*/*")
    assert (run / "metrics.jsonl").read_bytes() == (winner / "metrics.jsonl").read_bytes()
    assert typed(tmp_path, "resume", f"sweep/{held.name}").code == 0 and summary(held)["status"] == "finished"
    done = typed(tmp_path, "resume", "sweep")
    assert done.code == 0 and "nothing is left to do: 2 finished, 1 pruned" in done.out


def test_a_search_goes_on_where_it_was_and_refuses_to_become_another(tmp_path: Path) -> None:
    words = [*TYPED, "search=tpe", "search.startup_trials=1", "search.window=2", "epochs=2"]
    assert typed(tmp_path, *words, "search.trials=2").code == 0
    done = typed(tmp_path, "resume", "sweep", "search.trials=3")
    assert done.code == 0, done.err
    sweep = tmp_path / "sweep"
    assert begun(sweep) == [1, 2, 3] and len(facts(sweep)) == 3 * 4 + 2
    assert json.loads((sweep / "sweep.json").read_text())["search"]["trials"] == 3
    done = typed(tmp_path, *words, "search.trials=3", "search.seed=1")
    assert done.code == 2
    assert "sweep.dir=sweep: its search has search.seed=0, this one 1; name another folder for another" in done.err
    done = typed(tmp_path, *TYPED[:4], "optimizer.lr=0.1,0.2", "sweep.dir=sweep")
    assert done.code == 2
    assert "sweep.dir=sweep: holds a search by tpe, and this is a grid; name another folder" in done.err
    done = typed(tmp_path, "resume", "sweep", "search.seed=1")
    assert done.code == 2 and "search.seed=1: resume takes the run as it is" in done.err
    header = json.loads((sweep / "sweep.json").read_text())
    del header["search"]["space"]
    (sweep / "sweep.json").write_text(json.dumps(header))
    done = typed(tmp_path, "resume", "sweep")
    assert done.code == 3 and "sweep.json: damaged: KeyError in search: 'space'; put the file back" in done.err
