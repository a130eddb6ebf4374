"""The program as it is typed: exit codes, what is said, what is not imported, what is not made."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from runner import __version__
from runner.cli import main
from runner.errors import ConfigError, DataError, DeviceError, Interrupted, RunError, RunnerError

SRC = Path(__file__).parent.parent / "src"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(filter(None, [str(SRC), os.environ.get("PYTHONPATH")])),
    "PYTHONIOENCODING": "utf-8",
}


def typed(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runner", *argv],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def said(*argv: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main.main(argv)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("argv", [(), ("--help",), ("-h",), ("help",)])
def test_without_a_command_there_is_help(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(*argv, capsys=capsys)
    assert (code, err) == (0, "")
    assert all(f"  {verb}" in out for verb in main.VERBS)
    assert len(out.splitlines()) <= 25 and max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("verb", main.VERBS)
def test_every_command_says_how_it_is_used_within_80_columns(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with suppress(SystemExit):  # as argparse leaves
        assert main.main([verb, "--help"]) == 0
    out, err = capsys.readouterr()
    assert verb in out and err == ""
    assert [line for line in out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("eval", "last", "--json"), "eval: --json: no such flag; it can change checkpoint, "),
        (
            ("resume", "last", "--epochs", "3"),
            "resume: --epochs: no such flag; did you mean:\n  python -m runner resume last epochs=3\n",
        ),
        (("resume", "a", "b"), "resume: give one run directory, or last; given: a b; did you mean:\n"),
        (("explain", "last"), "last: no run under outputs yet; start one: python -m runner train"),
        (("explain", "."), ".: is a folder or a run; write settings, such as model=cnn"),
        (("train", "help"), "help: is not of the form key=value; did you mean --help?"),
        (("completion",), "completion: name the shell, bash or zsh"),
        (("view", "model=cnn"), "did you mean:\n  python -m runner show model=cnn dataset=digits"),
        (("train", "=cnn"), "error: =cnn: is not of the form key=value; write no spaces around the =, and a"),
        (
            ("view", "my table.csv"),
            "python -m runner view dataset=csv 'dataset.path=my table.csv' dataset.target",
        ),
        (("eval", "my table.csv"), "my table.csv: is a file; give a run directory, or last"),
        (("show", "Adam"), "did you mean:\n  python -m runner show optimizer=adam"),
        (("show", "StepLR"), "did you mean:\n  python -m runner show scheduler=step_lr"),
        (("report", "--top", "x"), "--top: x: must be a whole number, 0 or more"),
        (("predict", "last", "--test-index", "-1"), "--test-index: -1: must be a whole number, 0 or more"),
    ],
)
def test_a_tired_line_is_answered(
    argv: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my table.csv").write_text("a,b\n1,2\n")
    code, out, err = said(*argv, capsys=capsys)
    assert (code, out) == (2, "") and told in err


@pytest.mark.parametrize("verb", ["train", "eval", "predict"])
def test_help_of_a_verb_is_found_either_way(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for argv in (["help", verb], [verb, "--help"]):
        with suppress(SystemExit):  # argparse ends its own help so
            assert main.main(argv) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] and told[0]


@pytest.mark.parametrize("argv", [["--version"], ["train", "--version"], ["eval", "last", "--version"]])
def test_the_version(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert said(*argv, capsys=capsys) == (0, f"runner {__version__}\n", "")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            ConfigError(["a=1: wrong", "b=2: wrong\n  choices: 3"]),
            2,
            "error: a=1: wrong\nerror: b=2: wrong\n  choices: 3\n",
        ),
        (DataError("no file"), 3, "error: no file\n"),
        (DeviceError("no cuda"), 2, "error: no cuda\n"),
        (RunError("not finite"), 1, "error: not finite\n"),
        (Interrupted("saved", 15), 143, "saved\n"),
        (KeyboardInterrupt(), 130, "interrupted before training began; type the same line again\n"),
    ],
)
def test_every_kind_of_error_has_its_exit_code(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise error

    monkeypatch.setattr(main, "_dispatch", fail)
    monkeypatch.delenv("RUNNER_DEBUG", raising=False)
    assert said("train", capsys=capsys) == (code, "", told)


def test_what_is_to_be_typed_begins_with_the_name_that_was_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {}
    for program in ("/somewhere/bin/runner", "/somewhere/runner/__main__.py"):
        monkeypatch.setattr("sys.argv", [program])
        told[program] = (
            said("report", "nowhere", capsys=capsys)[2],
            said("predict", "--test-index", "7", capsys=capsys)[2],
        )
    runner, module = told.values()
    assert "  runner predict last --test-index 7" in runner[1] and "python" not in "".join(runner)
    assert "  python -m runner predict last --test-index 7" in module[1]


@pytest.mark.parametrize("argv", [["--help"], ["train", "--help"], ["resume", "--help"]])
def test_help_has_the_name_that_was_typed(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for called, is_module in (("/bin/runner", False), ("/lib/runner/__main__.py", True)):
        monkeypatch.setattr(sys, "argv", [called, *argv])
        with suppress(SystemExit):  # argparse leaves after its help
            main.main(argv)
        out = capsys.readouterr().out
        assert "runner" in out and ("python -m runner" in out) == is_module


@pytest.mark.parametrize("variable", ["RUNNER_DEBUG", "HYDRA_FULL_ERROR"])
def test_debugging_adds_the_traceback(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise RunnerError("oh")

    monkeypatch.setattr(main, "_dispatch", fail)
    monkeypatch.setenv(variable, "1")
    code, _, err = said("train", capsys=capsys)
    assert code == 1
    assert err.startswith("Traceback") and err.endswith("error: oh\n")


def test_a_bug_of_ours_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(argv: list[str]) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(main, "_dispatch", fail)
    with pytest.raises(ZeroDivisionError):
        main.main(["train"])


def test_a_wrong_setting_ends_with_2_and_makes_nothing(tmp_path: Path) -> None:
    done = typed("train", "optimizer.lrr=1", "epochs=0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: optimizer.lrr=1: optimizer=adam has no lrr; the nearest is lr",
        "error: epochs=0: must be a whole number >= 1 or auto; did you mean:",
        "  python -m runner train optimizer.lr=1 epochs=auto",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["train", "optimizer.lrr=1"],
        ["train", "--model", "resnet", "dataset=my.csv"],
        ["train", "-m", "optimizer.lr=1,x"],
        ["train", "--help"],
        ["train", "--cfg", "job"],
        ["show"],
        ["show", "optimizer=adam"],
        ["--help"],
    ],
)
def test_torch_stays_out_of_a_question_and_of_a_refusal(argv: list[str], tmp_path: Path) -> None:
    script = (
        "import sys; from runner.cli.main import main; code = main(sys.argv[1:]);"
        "heavy = {'torch', 'torchvision', 'torchmetrics', 'sklearn', 'tensorboard'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *argv],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "imported" not in done.stderr
    assert done.returncode == (2 if argv[:1] == ["train"] and argv[1] not in ("--help", "--cfg") else 0)


@pytest.mark.parametrize("verb", ["show", "train"])
def test_a_net_that_the_rows_do_not_suit_is_told_before_all_but_torch_is_imported(verb: str, tmp_path: Path) -> None:
    net = ["model=sequential", "model.layers=[{Conv2d: {out_channels: 2, kernel_size: 9}}, Flatten]"]
    script = (
        "import sys; from runner.cli.main import main; code = main(sys.argv[1:]);"
        "heavy = {'torchvision', 'torchmetrics', 'sklearn', 'pandas'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    typed = [sys.executable, "-c", script, verb, *net, "dataset=digits"]
    done = subprocess.run(typed, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.startswith("error: model.layers[0]=Conv2d: cannot take the rows of 1 x 8 x 8 that come in")
    assert "imported" not in done.stderr and done.returncode == 2


def test_awkward_words_arrive_from_a_shell(tmp_path: Path) -> None:
    done = typed("train", "--cfg", "job", "-p", "data_dir", "data_dir=~/데이터 (1)/가격=.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "~/데이터 (1)/가격=.csv\n")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m runner show | head -n 1",
        shell=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("What can be chosen\n", "")


def test_a_full_disk_behind_standard_output_is_told(tmp_path: Path) -> None:
    command = f"{sys.executable} -m runner show > /dev/full"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (
        1,
        "error: standard output: no space left on device; the rest was not written\n",
    )


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m runner train --info | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("Hydra") and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "train output_dir=~nobody_x/runs",
            "output_dir=~nobody_x/runs: nobody here is called ~nobody_x; write the path",
        ),
        (
            "train -m seed=0,1 sweep.dir=~nobody_x",
            "sweep.dir=~nobody_x: nobody here is called ~nobody_x; write the path",
        ),
        ("train dataset=csv dataset.path=~nobody_x/a.csv dataset.target=y", "~nobody_x/a.csv: no such file"),
        ("train start_from=~nobody_x", "start_from=~nobody_x: no such directory"),
        ("train --config-dir ~nobody_x", "--config-dir ~nobody_x: no such folder"),
        ("train ~nobody_x/my.yaml", "~nobody_x/my.yaml: there is no such file"),
        ("eval ~nobody_x", "~nobody_x: no such directory"),
        ("view ~nobody_x/run", "~nobody_x/run: no such directory"),
        ("report ~nobody_x", "~nobody_x: no such"),
    ],
)
def test_a_home_that_nobody_has_is_a_path_that_is_not_there(
    line: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(line.split()) in (2, 3)
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("epochs 5", "train epochs=5"),
        ("iris", "train dataset=iris"),
        ("cnn lr=0.1", "train model=cnn"),
        ("mnist model=mlp", "train dataset=mnist model=mlp"),  # near to list, which is report here
    ],
)
def test_the_words_of_a_run_without_a_verb_are_those_of_train(
    line: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(line.split()) == 2
    told = capsys.readouterr().err
    assert "the verb comes first" in told and f"did you mean:\n  python -m runner {meant}" in told
