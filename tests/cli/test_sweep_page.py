"""``report SWEEP --html FILE`` as typed."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from past_runs import make_jobs, make_run
from program import fingerprints
from runner.cli import main
from runner.runs import files

Capture = pytest.CaptureFixture[str]
JOBS = [(f"optimizer.lr={lr} seed={seed}", lr + seed / 100, "finished") for lr in (0.1, 0.2) for seed in (0, 1)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_OUTPUTS", "outputs")
    make_jobs(tmp_path / "outputs" / "lr", *JOBS)
    return tmp_path


def reported(capsys: Capture, *words: str, code: int = 0) -> tuple[str, str]:
    assert main.main(["report", *words]) == code
    return capsys.readouterr()


def test_a_page_has_the_table_the_conclusion_the_best_run_and_its_command(here: Path, capsys: Capture) -> None:
    before = fingerprints(here / "outputs")
    out, err = reported(capsys, "last", "--html", "lr.html")
    assert (out.split(" (")[0], err) == ("written to lr.html", "last is the sweep outputs/lr\n")
    page = Path("lr.html").read_text(encoding="utf-8")
    for told in (
        "<title>lr</title>",
        "<p>4 jobs; best val/loss 0.1050 with lr=0.1</p>",
        "is better than optimizer.lr=0.2 by 0.1000 in val/loss",
        "<h2>iris: 4 runs; smallest val/loss first</h2>",
        "outputs/lr/0001-job",
        "python -m runner train dataset=iris model=mlp",
        '<th scope="row">optimizer.lr</th><td>0.1</td>',
        "too few jobs to tell: 2 combinations finished, it takes 10",
    ):
        assert told in page or told.replace("is better than", "is ahead of") in page, told
    assert fingerprints(here / "outputs") == before
    assert reported(capsys, "outputs/lr", "--html", "lr.html")[0] == out, "a page of ours is written anew"
    assert Path("lr.html").read_text(encoding="utf-8") == page


def test_what_failed_was_pruned_or_is_gone_is_on_the_page(here: Path, capsys: Capture) -> None:
    jobs = [*JOBS, ("optimizer.lr=3.0 seed=0", None, "failed"), ("optimizer.lr=2.0 seed=0", 0.9, "pruned")]
    shutil.rmtree(make_jobs(here / "outputs" / "more", *jobs) / "0001-job")
    _, err = reported(capsys, "outputs/more", "--html", "more.html")
    assert err == "warning: 0001-job: its folder is gone\n"
    page = Path("more.html").read_text(encoding="utf-8")
    assert "5 jobs (1 failed, 1 pruned)" in page and "<pre>0001-job: its folder is gone</pre>" in page
    assert "failed: outputs/more/0005-job" in page


@pytest.mark.parametrize("jobs", [JOBS[:1], JOBS[:2]], ids=["one job", "seeds alone"])
def test_without_a_setting_that_differs_the_page_has_the_table_alone(
    here: Path, capsys: Capture, jobs: list[tuple[str, float | None, str]]
) -> None:
    make_jobs(here / "outputs" / "few", *jobs)
    reported(capsys, "outputs/few", "--html", "few.html")
    page = Path("few.html").read_text(encoding="utf-8")
    assert "<svg" not in page and "<table" in page and "<p>2 jobs; best" in page.replace("<p>1 job;", "<p>2 jobs;")


def test_a_name_of_the_sweep_is_text(here: Path, capsys: Capture) -> None:
    make_jobs(here / "outputs" / "이름 <script>alert(1)", *JOBS)
    reported(capsys, "outputs/이름 <script>alert(1)", "--html", "n.html")
    page = Path("n.html").read_text(encoding="utf-8")
    assert "<title>이름 &lt;script&gt;alert(1)</title>" in page and "<script>alert" not in page


def test_a_wrong_request_is_told_and_leaves_nothing(here: Path, capsys: Capture) -> None:
    make_run(here / "outputs" / "run")
    make_jobs(here / "outputs" / "none", ("optimizer.lr=0.1", None, "failed"), ("optimizer.lr=0.2", None, "failed"))
    Path("mine.html").write_text("<p>mine</p>")
    Path("full.html").symlink_to("/dev/full")
    for words, told in (
        (["outputs", "--html", "a.html"], "--html a.html: tells of one sweep; name its folder, or last"),
        (["outputs/run", "--html", "a.html"], "--html a.html: tells of one sweep; name its folder, or last"),
        (["outputs/lr", "--html", "a.txt"], "--html a.txt: is a page; name it a.html"),
        (["outputs/lr", "--html", "no/a.html"], "--html no/a.html: there is no folder no; make it first, or name"),
        (["outputs/lr", "--html", "mine.html"], "mine.html: is there, and is no report of this program; name another"),
        (["outputs/lr", "--html", "full.html"], "full.html: is there, and is no report of this program; name another"),
        (["outputs/lr", "--html", "a.html", "--by", "test/accuracy"], "the whole sweep by its monitor; leave out --by"),
        (["outputs/lr", "--html", "a.html", "model=mlp"], "the whole sweep by its monitor; leave out model=mlp"),
        (["outputs/lr", "--html", "a.html", "--csv"], "not allowed with argument"),
    ):
        assert told in reported(capsys, *words, code=2)[1]
    assert "is a sweep without a finished job" in reported(capsys, "outputs/none", "--html", "a.html", code=3)[1]
    assert sorted(os.listdir()) == ["full.html", "mine.html", "outputs"]


def test_a_full_disk_is_told_and_leaves_the_page_that_was_there(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported(capsys, "outputs/lr", "--html", "lr.html")
    page = Path("lr.html").read_bytes()

    def refuse(path: Path, content: bytes) -> None:
        path.write_bytes(content[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "write_synced", refuse)
    err = reported(capsys, "outputs/lr", "--html", "lr.html", code=1)[1]
    assert "lr.html: not written: no space left on the device" in err
    assert Path("lr.html").read_bytes() == page and os.listdir() == ["outputs", "lr.html"]
