"""CONTRIBUTING.md taken at its word: its files are put where it says, and trained with."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import program
from runner import run
from runner.build.metric import build_metrics
from runner.config.catalog import Part
from runner.errors import ConfigError

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = {title: body for title, body in re.findall(r"^## Add an? (\w+)\n(.*?)(?=^## )", PAGE, re.M | re.S)}
ROOMS = {"model": "models", "dataset": "data", "optimizer": "optimizers", "metric": "metrics", "loss": "losses"}
IN_THE_PROGRAM = ("setting", "verb")


def files(section: str) -> dict[str, str]:
    """Path -> text of what a section tells to write."""
    return dict(re.findall(r"^`([\w/.]+)`\n```\w+\n(.*?)^```$", SECTIONS[section], re.M | re.S))


def insertions(section: str) -> list[tuple[str, str, str]]:
    """(path, line, text) of what a section tells to write into the program above the line that begins like that."""
    return re.findall(r"^`([\w/.]+)` above `([^`\n]+)`\n```\w+\n(.*?)^```$", SECTIONS[section], re.M | re.S)


def insert(folder: Path, section: str) -> None:
    for name, line, text in insertions(section):
        before, found, after = (folder / name).read_text(encoding="utf-8").partition(f"\n{line}")
        assert found, f"{name} has no line that begins with {line}"
        write(folder, {name: f"{before}\n{text.rstrip()}{found}{after}"})


def command(section: str) -> list[str]:
    """The section's command line without python -m runner; a run is shortened."""
    (line,) = re.findall(r"^```bash\npython -m runner (.*)\n```$", SECTIONS[section], re.M)
    return [*shlex.split(line), *(["epochs=2"] if line.startswith("train ") else [])]


def write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def runner(*argv: str, cwd: Path) -> str:
    done = program.run(argv, cwd / "said", before="be_a_reader", cwd=cwd)
    assert done.code == 0, done.out + done.err
    return done.out


def changed_runner(*argv: str, cwd: Path, checkout: Path) -> str:
    """``runner argv`` of a copy of the program."""
    done = program.run(argv, cwd / "said", before="be_another_program", at=str(checkout / "src"), cwd=cwd)
    assert done.code == 0, done.out + done.err
    return done.out


def python(*argv: str, cwd: Path) -> str:
    """A new interpreter."""
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "RUNNER_OUTPUTS": str(cwd / "outputs")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def summary(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("outputs/*/*/summary.json")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_the_page_makes_each_change_in_three_files_at_most() -> None:
    assert SECTIONS.keys() == {*ROOMS, *IN_THE_PROGRAM}
    for section in SECTIONS:
        assert 2 <= len({*files(section), *(name for name, _, _ in insertions(section))}) <= 3


def test_the_page_says_where_every_other_change_begins() -> None:
    table = PAGE.partition("## Where other changes begin")[2].partition("## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| a")]
    assert len(rows) == 6
    for change, told in rows:
        named = [name for name in re.findall(r"`([\w/.]+)`", told) if "/" in name]
        assert len(named) <= (4 if " or " in told else 3), change
        assert all((ROOT / name).exists() or name == "src/runner/schedulers" for name in named), change


@pytest.mark.parametrize("section", ROOMS)
def test_a_part_in_a_folder_of_the_users_trains(section: str, tmp_path: Path) -> None:
    write(tmp_path, files(section))
    runner(*command(section), cwd=tmp_path)
    ended = summary(tmp_path)
    assert ended["status"] == "finished"
    assert 0 < ended["best"]["test/brier" if section == "metric" else "test/accuracy"] <= 1


@pytest.fixture
def other_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The metric of the page, its opposite under the name of an error, and one that says nothing of its direction."""
    folder = tmp_path
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    page = files("metric")
    write(folder, page)
    source, option = page["mine/brier.py"], page["conf/metric/brier.yaml"]
    opposite = source.replace("higher_is_better = False", "higher_is_better = True").replace("return ", "return 1 - ")
    write(folder, {"mine/opposite.py": opposite, "mine/mute.py": source.replace("higher_is_better = False", "")})
    for name, module in (("my_error", "opposite"), ("mute", "mute")):
        text = option.replace("metric.brier", f"metric.{name}").replace("mine.brier", f"mine.{module}")
        write(folder, {f"conf/metric/{name}.yaml": text})
    yield
    for module in [module for module in sys.modules if module.partition(".")[0] == "mine"]:
        del sys.modules[module]


@pytest.mark.usefixtures("other_metrics")
@pytest.mark.parametrize(("name", "best"), [("brier", min), ("my_error", max)])
def test_case_04_the_metrics_own_direction_decides_the_best_epoch_the_schedule_and_the_report(
    name: str, best: Callable[[list[float]], float], tmp_path: Path
) -> None:
    words = ["dataset=iris", "model=linear", "metric=[accuracy,brier,my_error]", f"monitor=val/{name}", "epochs=6"]
    words += ["scheduler=reduce_lr_on_plateau", "optimizer.lr=0.5", "tensorboard=off", "trusted=[mine]"]
    done = run([*words, f"output_dir={tmp_path / 'outputs'}", "threads=1", "device=cpu"])
    ended, rows = done.summary, done.metrics.to_dict("records")
    assert ended["higher_is_better"] == {"loss": False, "accuracy": True, "brier": False, "my_error": True}
    seen = [row[f"val/{name}"] for row in rows]
    assert len({*seen}) > 1 and ended["best"][f"val/{name}"] == pytest.approx(best(seen), abs=1e-6)
    state = torch.load(done.path / "checkpoints" / "last.pt", weights_only=True)
    assert state["schedules"][0]["mode"] == best.__name__


@pytest.mark.usefixtures("other_metrics")
def test_case_04_a_metric_that_does_not_say_which_end_is_better_cannot_be_monitored(tmp_path: Path) -> None:
    words = ["dataset=iris", "model=linear", "metric=[brier,mute]", "monitor=val/mute", "trusted=[mine]"]
    with pytest.raises(ConfigError) as refused:
        run([*words, f"output_dir={tmp_path / 'out'}", "threads=1", "device=cpu"])
    assert not (tmp_path / "out").exists()
    assert refused.value.faults == (
        "monitor=val/mute: Brier does not say whether high or low is better: its higher_is_better is None\n"
        "  choose val/loss or val/brier; a class of your own can say higher_is_better = True, or False",
    )


def test_case_04_no_metric_takes_the_name_of_the_loss() -> None:
    with pytest.raises(ConfigError, match=r"^metric=loss: the run's own loss has this name"):
        build_metrics([Part("metric", "loss", "torchmetrics.Accuracy", {})], "multiclass", ["a", "b", "c"])


def test_the_console_script_finds_the_package_too_and_eval_wants_it_trusted_again(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "runner"  # as pip writes it
    write(tmp_path, files("model") | {"bin/runner": "from runner.cli.main import entry\n\nentry()\n"})
    runner(*command("model"), cwd=tmp_path)
    told = python(str(script), "eval", "last", "trusted=[mine]", cwd=tmp_path)
    assert "accuracy" in told


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with all changes of the page made in it, the parts each in the room of its kind."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("src", "conf"):
        shutil.copytree(ROOT / name, copy / name)
    for section, room in ROOMS.items():
        for name, text in files(section).items():
            place = name.replace("mine/", f"src/runner/{room}/")
            write(copy, {place: text.replace("_target_: mine.", f"_target_: runner.{room}.")})
    for section in IN_THE_PROGRAM:
        insert(copy, section)
        write(copy, files(section))
    return copy


def test_parts_in_the_program_itself_need_no_trust(checkout: Path, tmp_path: Path) -> None:
    sections = ("model", "optimizer", "metric", "loss")
    words = {word: None for section in sections for word in command(section) if "=[mine]" not in word}
    changed_runner(*words, cwd=tmp_path, checkout=checkout)
    assert summary(tmp_path)["status"] == "finished"


def test_a_dataset_a_setting_and_a_verb_in_the_program_are_used(checkout: Path, tmp_path: Path) -> None:
    words = [word for word in [*command("dataset"), *command("setting")[1:-1]] if "=[mine]" not in word]
    changed_runner(*words, "threads=1", cwd=tmp_path, checkout=checkout)
    (run,) = tmp_path.glob("outputs/*/*")
    assert summary(tmp_path)["status"] == "finished"
    assert "nice: 5\n" in (run / "config.yaml").read_text(encoding="utf-8")
    assert changed_runner(*command("verb"), cwd=tmp_path, checkout=checkout) == f"{run}\n"
    assert "the directory of a run" in changed_runner("--help", cwd=tmp_path, checkout=checkout)


def test_the_parts_of_the_page_keep_the_rules_of_the_house(checkout: Path) -> None:
    for name in (
        "pyproject.toml",
        "docs/rooms.md",
        "tests/options.py",
        "tests/test_conf.py",
        "tests/test_direction.py",
    ):
        write(checkout, {name: (ROOT / name).read_text(encoding="utf-8")})
    words = ["-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", "tests"]  # hydra is imported before pytest
    write(checkout, {"suite.py": f"import sys, pytest\nsys.exit(pytest.main({words}))\n"})
    source = str(checkout / "src")
    done = program.run_script(
        checkout / "suite.py", checkout / "said", before="be_another_program", at=source, cwd=checkout
    )
    assert done.code == 0 and re.search(r"^\d{3,} passed", done.out, re.M), done.out + done.err
    parts = [f"src/runner/{ROOMS[section]}/{Path(name).name}" for section in ROOMS for name in files(section)]
    opened = [name for section in IN_THE_PROGRAM for name, _, _ in insertions(section)]
    classes = [name for name in [*parts, *opened, *files("verb")] if name.endswith(".py")]
    python("-m", "ruff", "check", *classes, cwd=checkout)
    python("-m", "ruff", "format", "--check", *classes, cwd=checkout)
