"""``resume RUN`` as typed, on tiny runs."""

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import program
from program import contents, fingerprints
from runner.cli import main
from runner.config.stored import LATER_KNOBS, later_settings
from runner.runs.checkpoint import pack, unpack


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; copy it before anything is done to it."""
    return program.train(tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was trained for 6 epochs at once."""
    return program.train(tmp_path_factory.mktemp("longer"), "epochs=6")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def resume(run: Path, *words: str) -> program.Done:
    return program.run(["resume", str(run), *words], run.parent / "said")


def summary(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "summary.json").read_text()))


@pytest.mark.parametrize("words", [(), ("epochs=4",), ("epochs=2",), ("max_steps=7",)])
def test_fault_10_a_finished_run_is_said_to_be_so_and_not_touched(run: Path, words: tuple[str, ...]) -> None:
    before = fingerprints(run)
    done = resume(run, *words)
    assert done.code == 0
    assert f"{run}: finished already, after epoch 4; nothing to do" in done.out
    assert done.out.endswith(f"python -m runner resume {run} epochs=8\n")
    assert fingerprints(run) == before


def test_a_finished_run_is_named_from_the_current_folder_on(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.parent)
    assert main.main(["resume", str(run)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{run.name}: finished already") and f"runner resume {run.name} epochs=" in out


def test_a_run_out_of_patience_is_said_to_be_so_and_not_touched(tmp_path: Path) -> None:
    run = program.train(tmp_path, "optimizer.lr=3", "early_stopping.patience_epochs=1", "epochs=30")
    assert summary(run)["status"] == "stopped_early"
    before = fingerprints(run)
    done = resume(run, "epochs=50")
    assert done.code == 0 and "stopped early already; its patience is spent, nothing to do" in done.out
    assert fingerprints(run) == before


def test_fault_11_a_longer_run_equals_one_that_was_longer_from_the_start(run: Path, longer: Path) -> None:
    assert resume(run, "epochs=6").code == 0
    assert contents(run) == contents(longer)
    assert "epochs: 6" in (run / "config.yaml").read_text()


@pytest.mark.parametrize("instant", ["runner.training.record:write_schema", "runner.runs.summary:Summary.write"])
def test_case_30_lengthening_that_was_killed_before_its_first_step_is_gone_on_with(
    run: Path, longer: Path, tmp_path: Path, instant: str
) -> None:
    killed = program.run(["resume", str(run), "epochs=6"], tmp_path / "said", before="kill_before", at=(instant, 1))
    assert killed.code == -9
    assert summary(run)["status"] == "finished" and "epochs: 6" in (run / "config.yaml").read_text()
    assert resume(run).code == 0
    assert contents(run) == contents(longer)


def test_case_30_what_a_summary_says_of_a_run_that_is_not_trained_to_its_end_is_not_believed(tmp_path: Path) -> None:
    argv = ["train", *program.TINY, f"output_dir={tmp_path}"]
    at = ("runner.engine.step:Stepper.step", 8)
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    run = program.only_run(tmp_path)
    (run / "summary.json").write_text(json.dumps(summary(run) | {"status": "stopped_early"}))
    assert resume(run).code == 0
    assert (summary(run)["status"], summary(run)["final"]["epoch"]) == ("finished", 4)


def test_fault_11_a_run_cut_within_an_epoch_goes_on_with_a_warning_and_the_same_weights(
    finished: Path, tmp_path: Path
) -> None:
    run = program.train(tmp_path / "cut", "max_steps=7")
    done = resume(run, "max_steps=null")
    assert done.code == 0
    assert "max_steps=7 ended epoch 2 in its middle: its row stays in metrics.jsonl" in done.err
    assert contents(run)["last"]["model"] == contents(finished)["last"]["model"]


def test_fault_11_a_schedule_laid_out_over_the_length_cannot_be_stretched(tmp_path: Path) -> None:
    settings = [word for word in program.TINY if not word.startswith("scheduler")]
    argv = ["train", *settings, "scheduler=cosine_annealing_lr", f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said").code == 0
    run = program.only_run(tmp_path)
    done = resume(run, "epochs=9")
    assert done.code == 2
    assert "epochs cannot change: scheduler=cosine_annealing_lr was planned for the run's length" in done.err
    assert "(T_max left out); a run to be lengthened needs scheduler.T_max from the beginning" in done.err
    assert f"a new run from its weights: python -m runner train {run}/config.yaml start_from={run} epochs=9" in done.err


def test_a_length_left_out_of_the_link_of_a_chain_is_looked_for_there(tmp_path: Path) -> None:
    settings = [word for word in program.TINY if not word.startswith("scheduler")]
    argv = ["train", *settings, "scheduler=warmup_cosine", "scheduler.milestones=[1]", f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said").code == 0
    done = resume(program.only_run(tmp_path), "epochs=9")
    assert "needs T_max in scheduler.schedulers from the beginning" in done.err


def test_case_27_a_length_typed_into_the_config_of_a_schedule_laid_out_over_it_is_refused(tmp_path: Path) -> None:
    settings = [word for word in program.TINY if not word.startswith("scheduler")]
    argv = ["train", *settings, "scheduler=cosine_annealing_lr", f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said").code == 0
    config = program.only_run(tmp_path) / "config.yaml"
    config.write_text(config.read_text().replace("\nepochs: 4", "\nepochs: 9"))
    done = resume(config.parent)
    assert done.code == 3
    assert "config.yaml: changed since the run was saved: epochs was 4, is 9\n" in done.err


def test_fault_12_another_key_is_refused_with_what_can_change(run: Path) -> None:
    before = fingerprints(run)
    done = resume(run, "optimizer.lr=0.1")
    assert done.code == 2
    assert "optimizer.lr=0.1: resume takes the run as it is" in done.err
    assert "it can change devices, epochs, max_steps, num_workers, print_every_steps, tensorboard" in done.err
    assert fingerprints(run) == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  lr: 0.02", "  lr: 0.5", "optimizer.lr was 0.02, is 0.5"),
        ("- 16\n  - 8", "- 16\n  - 4", "model.hidden was [16, 8], is [16, 4]"),
        ("batch_size: 13", "batch_size: 14", "batch_size was 13, is 14"),
        ("  seed: 0", "  seed: 1", "dataset.seed was 0, is 1"),
    ],
)
def test_fault_12_an_edited_config_is_refused_with_the_difference(run: Path, old: str, new: str, told: str) -> None:
    config = run / "config.yaml"
    assert config.read_text().count(old) == 1
    config.write_text(config.read_text().replace(old, new))
    for verb, words in (("resume", ["epochs=9"]), ("eval", [])):
        done = program.run([verb, str(run), *words], run.parent / "said")
        assert done.code == 3
        assert "config.yaml: changed since the run was saved" in done.err and told in done.err


def test_a_run_of_an_older_build_lacks_what_was_added_since_and_is_read_all_the_same(run: Path) -> None:
    def older(tree: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in tree.items() if key not in later_settings()}
        later = LATER_KNOBS[tree["model"]["_target_"]]
        return kept | {"model": {key: value for key, value in tree["model"].items() if key not in later}}

    config = run / "config.yaml"
    config.write_text(yaml.safe_dump(older(yaml.safe_load(config.read_text()))))
    for path in (run / "checkpoints").iterdir():
        state = unpack(path.read_bytes(), path)
        del state["readout"]
        path.write_bytes(pack(state | {"config": older(state["config"])}))
    for argv in (["eval", str(run)], ["predict", str(run), "--test-index", "0"], ["resume", str(run), "epochs=5"]):
        done = program.run(argv, run.parent / "said")
        assert (done.code, done.err) == (0, ""), argv
    assert summary(run)["final"]["epoch"] == 5


def test_a_checkpoint_of_a_first_build_is_said_to_be_one_this_build_does_not_read(run: Path) -> None:
    for path in (run / "checkpoints").iterdir():
        state = unpack(path.read_bytes(), path)
        del state["config"]
        path.write_bytes(pack(state))
    done = program.run(["eval", str(run)], run.parent / "said")
    assert done.code == 3 and "checkpoints: not a checkpoint that this version reads: config missing" in done.err


def test_fault_43_data_that_changed_is_refused_with_both_digests(run: Path) -> None:
    for verb, words in (("resume", ["epochs=9"]), ("eval", [])):
        done = program.run([verb, str(run), *words], run.parent / "said", before="change_a_row")
        assert done.code == 3
        digest = summary(run)["data"]["digest"][:12]
        assert f"the data has changed since the run was saved (digest {digest} then, " in done.err
        assert "or train again; if the data is the same, an older version read it differently" in done.err


def test_fault_7_other_circumstances_are_said(run: Path) -> None:
    done = resume(run, "epochs=5", "threads=2")
    assert done.code == 0
    assert "warning: the last bits of the results may differ: threads 1 -> 2" in done.err


@pytest.mark.parametrize("name", ["결과 모음/run=1,2", "a=b", "it's"])
def test_fault_25_a_run_that_was_moved_goes_on_and_is_measured(run: Path, name: str) -> None:
    moved = run.parent / name
    moved.parent.mkdir(exist_ok=True)
    run.rename(moved)
    for argv in (["resume", name, "epochs=5"], ["eval", name]):
        done = program.run(argv, run.parent / "said", cwd=run.parent)
        assert done.code == 0, done.err
    assert summary(moved)["final"]["epoch"] == 5


def test_fault_25_a_run_reached_through_a_link_goes_on(run: Path) -> None:
    (run.parent / "link").symlink_to(run)
    assert resume(run.parent / "link", "epochs=5").code == 0
    assert summary(run)["final"]["epoch"] == 5


def test_no_directory_or_two_are_refused(run: Path) -> None:
    for words in ([], [str(run), str(run)]):
        done = program.run(["resume", *words], run.parent / "said")
        assert done.code == 2 and "resume: give one run directory, or last" in done.err


def points(run: Path) -> dict[str, list[int]]:
    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [point.step for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def all_points(run: Path) -> dict[str, list[int]]:
    """As TensorBoard itself reads them: also of what is no curve."""
    events = plugin_event_accumulator.EventAccumulator(str(run), tensor_size_guidance={})
    events.Reload()
    return {tag: [point.step for point in events.Tensors(tag)] for tag in events.Tags()["tensors"]}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody killed, with everything that TensorBoard shows."""
    return program.train(tmp_path_factory.mktemp("shown"), "tensorboard=full")


@pytest.mark.parametrize(
    "instant",
    [
        "runner.training.record:Recording.judged",
        "runner.training.record:judge",
        "runner.tensorboard.dashboards:Dashboards.finish",
        "runner.tensorboard.dashboards:Dashboards.show_picture",
        "runner.tensorboard.writer:TensorBoard.hparams",
        "runner.screen.console:RunConsole.finish",
        "runner.runs.summary:Summary.close",
    ],
)
def test_case_14_the_end_is_shown_once_wherever_a_kill_came(tmp_path: Path, instant: str, shown: Path) -> None:
    argv = ["train", *program.TINY, "tensorboard=full", f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said", before="kill_before", at=(instant, 1)).code == -9
    run = program.only_run(tmp_path)
    assert resume(run).code == 0
    assert all_points(run) == all_points(shown)
    assert points(run)["best/val/loss"] == [21]


def test_case_14_of_a_run_that_was_made_longer_only_its_end_is_shown(run: Path, longer: Path) -> None:
    assert resume(run, "epochs=6").code == 0
    assert points(run) == points(longer)


@pytest.mark.parametrize("step", [3, 8])
def test_fault_23_tensorboard_shows_no_point_twice_after_a_resume(tmp_path: Path, step: int, finished: Path) -> None:
    argv = ["train", *program.TINY, f"output_dir={tmp_path}"]
    at = ("runner.engine.step:Stepper.step", step)  # 3: before anything was saved
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    run = program.only_run(tmp_path)
    assert resume(run).code == 0
    assert len(list(run.glob("events.*"))) == 2
    assert points(run)["while_training/batch_loss"] == [2, 4, 5, 6, 8, 10, 12, 14, 15, 16, 18, 20]


def test_fault_24_a_torn_last_line_is_dropped(tmp_path: Path, finished: Path) -> None:
    argv = ["train", *program.TINY, f"output_dir={tmp_path}"]
    at = ("runner.engine.step:Stepper.step", 9)
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    run = program.only_run(tmp_path)
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 8, "epo')
    assert resume(run).code == 0
    assert contents(run) == contents(finished)


def test_a_run_whose_rows_were_lost_is_refused(run: Path) -> None:
    os.truncate(run / "metrics.jsonl", 10)
    done = resume(run, "epochs=5")
    assert done.code == 3 and "10 bytes, the checkpoint was taken at" in done.err


def damage(path: Path) -> None:
    path.unlink()  # it may be one file with another
    path.write_bytes(b"damaged")


def test_case_34_with_both_generations_of_last_damaged_the_best_is_gone_on_with(run: Path, longer: Path) -> None:
    step = summary(run)["best"]["step"]
    for name in ("last.pt", "previous-last.pt"):
        damage(run / "checkpoints" / name)
    for words in ((), ("epochs=6",)):
        done = resume(run, *words)
        assert done.code == 0
        for name in ("last.pt", "previous-last.pt"):
            told = f"checkpoints/{name}: not loaded: cut short, or not a checkpoint of this program; going on with best"
            assert told in done.err
        assert f"; going on with best.pt of step {step}\n" in done.err
    assert contents(run) == contents(longer)


def test_case_34_without_its_checkpoints_a_run_that_was_saved_is_not_started_over(run: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    before = fingerprints(run)
    done = resume(run, "epochs=6")
    assert done.code == 3
    (run / "summary.json").write_text(json.dumps(summary(run) | {"status": "running"}))
    killed = resume(run)
    assert killed.code == 3
    assert f"{run}/checkpoints: no checkpoint is there, but metrics.jsonl holds 20 steps\n" in killed.err
    assert "  put the folder back, or start a new run; nothing was changed\n" in killed.err
    assert fingerprints(run)["metrics.jsonl"] == before["metrics.jsonl"]


def test_case_34_without_its_best_checkpoint_a_run_is_not_trained_first_and_refused_then(run: Path) -> None:
    for name in ("best.pt", "previous-best.pt"):
        damage(run / "checkpoints" / name)
    before = fingerprints(run)
    done = resume(run, "epochs=6")
    assert done.code == 3 and "best.pt: not loaded: cut short" in done.err
    assert {name for name, _ in fingerprints(run).items() - before.items()} <= {".owner", ".lock"}


def spoil_the_first_row(content: bytes) -> bytes:
    return content.replace(b'"step"', b'"st\0p"', 1)


def edit_a_row(content: bytes) -> bytes:
    return content.replace(b'"epoch": 1', b'"epoch": 7', 1)


def lose_a_line(content: bytes) -> bytes:
    return content.partition(b"\n")[2]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_the_first_row, "metrics.jsonl: line 1 is damaged: Invalid control character"),
        (edit_a_row, "metrics.jsonl: changed since the run was saved"),
        (lose_a_line, "the checkpoint was taken at"),
        (lambda content: b"3\n" + content[2:], "metrics.jsonl: line 1 is damaged: "),
    ],
)
def test_case_35_damaged_rows_are_told_before_training_and_left_out_where_that_is_asked_for(
    run: Path, longer: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], told: str
) -> None:
    rows = run / "metrics.jsonl"
    whole = rows.read_bytes()
    rows.write_bytes(spoil(whole))
    before = fingerprints(run)
    done = resume(run, "epochs=6")
    assert done.code == 3
    assert told in done.err
    assert f"  put the file back, or go on without what is damaged: python -m runner resume {run} --force" in done.err
    assert {name for name, state in fingerprints(run).items() if before.get(name) != state} <= {".owner", ".lock"}
    forced = resume(run, "epochs=6", "--force")
    assert forced.code == 0 and "left out\n" in forced.err
    assert contents(run)["last"]["model"] == contents(longer)["last"]["model"]
    assert rows.stat().st_size == (longer / "metrics.jsonl").stat().st_size
    assert program.run(["view", str(run), "curves"], tmp_path / "said").code == 0
    assert resume(run, "epochs=7").code == 0  # what was left out once is not asked about again


def test_case_35_the_rows_of_an_older_build_which_kept_no_digest_are_looked_at_one_by_one(run: Path) -> None:
    for path in (run / "checkpoints").iterdir():
        state = unpack(path.read_bytes(), path)
        del state["log_digest"]
        path.write_bytes(pack(state))
    rows = run / "metrics.jsonl"
    rows.write_bytes(edit_a_row(rows.read_bytes()))
    assert resume(run, "epochs=5").code == 0
    rows.write_bytes(spoil_the_first_row(rows.read_bytes()))
    assert resume(run, "epochs=6").code == 3


def test_fault_29_the_lock_of_a_killed_run_is_taken_over_at_once(tmp_path: Path) -> None:
    argv = ["train", *program.TINY, f"output_dir={tmp_path}"]
    at = ("runner.engine.step:Stepper.step", 8)
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    run = program.only_run(tmp_path)
    assert (run / ".lock").exists()
    assert resume(run).code == 0


def test_fault_28_of_two_resumes_one_owns_the_run(run: Path) -> None:
    scratch = run.parent / "said"
    argv = ["resume", str(run), "epochs=6"]
    first = program.fork(argv, scratch, before="wait_before_the_first_step", at=str(run.parent / "go"))
    program.wait_for(run.parent, "go.reached")
    second = program.run(["resume", str(run)], scratch)
    third = program.run(["resume", str(run), "epochs=5"], scratch)
    (run.parent / "go").touch()
    assert first.end().code == 0
    for refused in (second, third):
        assert refused.code == 1
        assert f"{run}: in use by process {first.pid}\n  Wait for it to end" in refused.err


def test_resume_last_takes_the_newest_run(tmp_path: Path) -> None:
    older = program.train(tmp_path)
    newer = Path(shutil.copytree(older, tmp_path / "newer"))
    told = summary(newer)
    (newer / "summary.json").write_text(json.dumps(told | {"started": "2999"}))
    done = program.run(["resume", "last", f"output_dir={tmp_path}"], tmp_path / "said")
    assert f"{newer}: finished already" in done.out


def test_folders_are_kept_in_full_so_that_a_run_can_be_read_from_anywhere(tmp_path: Path) -> None:
    argv = ["train", *program.TINY, "data_dir=here", "output_dir=there"]
    assert program.run(argv, tmp_path / "said", cwd=tmp_path).code == 0
    written = (program.only_run(tmp_path / "there") / "config.yaml").read_text()
    assert f"data_dir: {tmp_path}/here\n" in written and f"output_dir: {tmp_path}/there\n" in written


def test_a_damaged_summary_is_told_with_the_way_to_a_new_one(run: Path) -> None:
    (run / "summary.json").write_text("[")
    done = resume(run)
    assert (done.code, done.out) == (3, "")
    assert "summary.json: damaged: " in done.err
    assert "  move it away and resume again: a new one is written at the end" in done.err
    (run / "summary.json").rename(run.parent / "old.json")
    assert resume(run).code == 0
    assert summary(run)["status"] == "finished"


@pytest.mark.parametrize("folds", [(), ("folds=3", "fold=all")])
@pytest.mark.parametrize(("at", "knows"), [("owned", False), ("run_job", False), ("record", True)])
def test_case_13_a_run_killed_before_it_began_names_the_command_to_start_it_again(
    tmp_path: Path, folds: tuple[str, ...], at: str, knows: bool
) -> None:
    instants = {
        "owned": "runner.runs.directory:RunDirectory.owned",
        "run_job": "runner.train:run_job",
        "record": f"runner.training.{'folds' if folds else 'record'}:write_whole",
    }
    argv = ["train", *program.TINY, *folds, "name=it is", f"output_dir={tmp_path}"]
    killed = program.run(argv, tmp_path / "said", before="kill_before", at=(instants[at], 1))
    assert killed.code == -9
    run = program.only_run(tmp_path)
    done = resume(run)
    assert done.code == 3
    said, again = done.err.splitlines()
    assert said.endswith(f"{run.name}: the run was killed before it began, nothing of it was saved")
    if knows:
        words = shlex.split(again.removeprefix("  start it again: "))
        assert words[:4] == ["python", "-m", "runner", "train"]
        assert program.run(words[3:], tmp_path / "said").code == 0
    else:
        assert again.startswith("  start it again with python -m runner train ...")
    last = program.run(["resume", "last", f"output_dir={tmp_path}"], tmp_path / "said")
    assert run.name not in last.err and (last.code == 0) == knows
