from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bringing import with_wide
from past_runs import make_run, make_sweep
from runner.cli import main
from runner.cli.completion import candidates
from runner.compose.hydra_bridge import hydra_parser

Capture = pytest.CaptureFixture[str]
SRC = Path(__file__).parents[2] / "src"
BLANKS = [
    (f"runner eval {typed}\t", "runner|eval|outputs/홍 길동/12-00 iris=1")
    for typed in (
        "outputs/홍",
        "outputs/홍\\ 길",
        "'outputs/홍 길",
        '"outputs/홍 길',
        "outputs/홍\\ 길동/12-00\\ iris=",
    )
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)
    make_run(tmp_path / "outputs" / "day" / "12-00-iris")
    make_run(tmp_path / "outputs" / "sweeps" / "day" / "now" / "0-lr=0.1")
    make_run(tmp_path / "outputs" / "홍 길동" / "12-00 iris=1")
    return tmp_path


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which ``runner`` is this program."""
    command = tmp_path / "bin" / "runner"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runner "$@"\n')
    command.chmod(0o755)
    return os.environ | {"PATH": f"{command.parent}:{os.environ['PATH']}", "PYTHONPATH": str(SRC)}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("runner tr", {"train"}),
        ("runner ", set(main.VERBS)),
        ("runner train optimizer=ada", {"optimizer=adam", "optimizer=adamw", "optimizer=adagrad"}),
        ("runner train -m model=mlp,cn", {"model=mlp,cnn", "model=mlp,cnn_notes"}),
        ("runner train metric=[accuracy,f", {"metric=[accuracy,f1"}),
        ("runner train model=cnn optimizer.l", {"optimizer.lr="}),
        ("runner train model=dnn model.", {"model.hidden=", "model.dropout="}),
        ("runner train scheduler=step_lr scheduler.gam", {"scheduler.gamma="}),
        ("runner train metric=f1 metric.f1.av", {"metric.f1.average="}),
        ("runner train early", {"early_stopping.patience_epochs=", "early_stopping.min_delta="}),
        ("runner train experiment=mnist_dnn_s", {"experiment=mnist_dnn_sigmoid"}),
        ("runner explain dataset=ir", {"dataset=iris"}),
        ("runner code model=ml", {"model=mlp"}),
        ("runner view dataset=di", {"dataset=digits", "dataset=diabetes"}),
        ("runner show sched", {"scheduler"}),
        ("runner show optimizer=sg", {"optimizer=sgd"}),
        ("runner fetch fas", {"fashion_mnist"}),
        ("runner completion z", {"zsh"}),
        ("runner resume ", {"last", "outputs/day/12-00-iris", "outputs/sweeps/day/now/0-lr=0.1", "epochs="}),
        ("runner eval outputs/sw", {"outputs/sweeps/day/now/0-lr=0.1"}),
        ("runner predict la", {"last"}),
        ("runner report outputs/d", {"outputs/day/12-00-iris"}),
        ("runner eval outputs/day/12-00-iris dev", {"device="}),
        ("runner resume last ten", {"tensorboard="}),
        ("runner resume last --f", {"--force"}),
        ("runner resume last max", {"max_steps="}),
        ("runner view last check", {"checkpoint="}),
        ("runner view last --te", {"--test-index"}),
        ("runner view last con", {"confusion"}),
        ("runner view dataset=iris --o", {"--out", "--overwrite"}),
        ("runner view dataset=iris split", {"split_seed="}),
        ("runner eval last che", {"checkpoint="}),
        ("runner eval last --", {"--help"}),
        ("runner predict last --", {"--test-index", "--invert", "--top", "--json", "--csv", "--overwrite", "--help"}),
        ("runner predict last dataset.", {"dataset.encoding=", "dataset.decimal="}),
        ("runner report --", {"--by", "--top", "--json", "--csv", "--help"}),
        ("runner show --", {"--config-dir", "--help"}),
        ("runner train --", {"--multirun", "--cfg", "--config-dir", "--info", "--help"}),
        ("runner explain --", {"--config-dir", "--help"}),
        ("runner code --", {"--config-dir", "--help"}),
        ("runner fetch da", {"data_dir="}),
        ("runner fetch --", {"--help"}),
        ("runner train model=nosuch model.", set()),
        ("runner nosuch ", set()),
        ("runner train epochs=", set()),
    ],
)
def test_the_tab_key_offers_what_fits(line: str, words: set[str], capsys: Capture) -> None:
    assert main.main(["completion", "words", line]) == 0
    out, err = capsys.readouterr()
    offered = set(out.split())
    assert words <= offered and all(word.startswith(line.rpartition(" ")[2]) for word in offered)
    assert bool(words) == bool(offered)
    assert err == ""


def test_the_tab_key_knows_what_comes_along_with_a_model(tmp_path: Path, capsys: Capture) -> None:
    with_wide(tmp_path / "conf")
    assert main.main(["completion", "words", "runner train model=wide scheduler.mi"]) == 0
    assert capsys.readouterr().out.split() == ["scheduler.milestones="]


def test_a_sweep_is_offered_in_place_of_its_jobs_until_it_is_typed(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path / "outputs" / "sweeps" / "day" / "10-00-lr", ["0000-lr=0.1"])
    make_run(folder / "0000-lr=0.1")
    sweep = "outputs/sweeps/day/10-00-lr"
    assert sweep in (found := candidates("runner resume ")) and f"{sweep}/0000-lr=0.1" not in found
    assert candidates(f"runner eval {sweep}") == [sweep, f"{sweep}/0000-lr=0.1"]


def test_case_17_a_verb_that_reads_a_run_is_offered_no_key_of_train() -> None:
    for verb in ("resume", "eval", "predict", "view"):
        assert not {"optimizer=", "seed=", "batch_size="} & set(candidates(f"runner {verb} last "))


def test_case_17_flags_are_offered_once_a_dash_is_typed() -> None:
    assert not any(word.startswith("-") for word in candidates("runner report "))
    for verb in main.VERBS:
        assert "--help" in candidates(f"runner {verb} -")


def test_case_17_the_flags_of_train_are_those_that_its_parser_knows() -> None:
    known = {flag for action in hydra_parser()._actions for flag in action.option_strings}
    assert {"-m", "--cfg"} <= set(candidates("runner train -")) <= known


@pytest.mark.parametrize("typed", ["outputs/홍\\ 길", "'outputs/홍 길", '"outputs/홍 길', "outputs/홍", "outputs/홍\\"])
def test_a_path_with_blanks_is_found_however_it_is_typed(typed: str) -> None:
    assert candidates(f"runner eval {typed}") == ["outputs/홍 길동/12-00 iris=1"]


def test_a_group_is_typed_before_its_parameters_are_listed() -> None:
    offered = candidates("runner train ")
    assert {"optimizer=", "optimizer.", "epochs="} <= set(offered) and "optimizer.lr=" not in offered


def bash(script: str, shell: dict[str, str]) -> list[str]:
    done = subprocess.run(["bash", "--norc", "-c", script], env=shell, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_bash_is_told_whom_to_ask(shell: dict[str, str]) -> None:
    told = bash('eval "$(runner completion bash)"; complete -p runner', shell)
    assert told == ["complete -o default -o nospace -F _runner_completion runner"]


@pytest.mark.parametrize(
    ("line", "words", "replies"),
    [
        ("runner train optimizer=adamw", "runner train optimizer = adamw", ["adamw\\ |"]),
        ("runner train optimizer.lr", "runner train optimizer.lr", ["optimizer.lr=|"]),
        ("runner resume outputs/sw", "runner resume outputs/sw", ["outputs/sweeps/day/now/0-lr=0.1 |"]),
        ("runner resume outputs/sweeps/day/now/0-lr=", "runner resume outputs/sweeps/day/now/0-lr =", ["0.1 |"]),
    ],
)
def test_bash_gets_what_it_has_to_put_in(line: str, words: str, replies: list[str], shell: dict[str, str]) -> None:
    script = f'eval "$(runner completion bash)"; COMP_LINE="{line}"; COMP_POINT={len(line)}; COMP_WORDS=({words});'
    told = bash(
        f'{script} COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _runner_completion; printf "%s|\\n" "${{COMPREPLY[@]}}"',
        shell,
    )
    assert told == [reply.replace("\\ ", " ") for reply in replies]


@contextmanager
def interactive(words: Sequence[str], shell: dict[str, str], first: bytes) -> Iterator[int]:
    """A shell at the other end of a terminal, once it has done ``first``; keys are written to it."""
    leader, follower = pty.openpty()
    env = shell | {"PS1": "$ ", "TERM": "dumb"}
    process = subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True)
    os.close(follower)
    try:
        os.write(leader, first + b"; echo ready-$((1+1))\n")
        read_until(leader, b"ready-2")
        yield leader
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def test_a_real_bash_completes_what_is_typed(shell: dict[str, str]) -> None:
    """Keys go to an interactive shell, and the command it then runs shows what it has made of them."""
    with interactive(["bash", "--norc", "-i"], shell, b'eval "$(runner completion bash)"; trap : INT') as leader:
        os.write(leader, b"runner train optimizer=adagr\t")
        read_until(leader, b"optimizer=adagrad ")
        os.write(leader, b"optimizer.lr_d\t")
        read_until(leader, b"optimizer.lr_decay=")


@pytest.mark.parametrize(
    ("typed", "entered"),
    [
        ("runner train 'model=ml\t epochs=1", "runner|train|model=mlp|epochs=1"),
        ("runner train -m model=mlp,lin\t", "runner|train|-m|model=mlp,linear"),
        ("runner eval outputs/sweeps/day/now/0-lr\t", "runner|eval|outputs/sweeps/day/now/0-lr=0.1"),
        *BLANKS,
        ("runner train dataset=csv dataset.path=my\t", "runner|train|dataset=csv|dataset.path=my table.csv"),
        ("runner predict last my\t", "runner|predict|last|my table.csv"),
        ("runner train nosuch\t", "runner|train|nosuch"),
    ],
)
def test_bash_enters_what_was_meant(typed: str, entered: str, shell: dict[str, str], here: Path) -> None:
    first = b'eval "$(runner completion bash)"; tell() { local IFS=\'|\'; echo "<$*>"; }'
    with interactive(["bash", "--norc", "-i"], shell, first) as leader:
        check_entered(leader, here, typed, entered)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
@pytest.mark.parametrize(
    ("typed", "entered"),
    [
        ("runner tr\t", "runner|train"),
        ("runner train optimizer=adagr\toptimizer.lr_d\t0.1", "runner|train|optimizer=adagrad|optimizer.lr_decay=0.1"),
        ("runner train 'optimizer=adagr\t", "runner|train|optimizer=adagrad"),
        ("runner train -m model=mlp,lin\t", "runner|train|-m|model=mlp,linear"),
        ("runner eval outputs/d\t", "runner|eval|outputs/day/12-00-iris"),
        ("runner eval outputs/sweeps/day/now/0-lr\t", "runner|eval|outputs/sweeps/day/now/0-lr=0.1"),
        *BLANKS,
        ("runner train dataset=csv dataset.path=my\t", "runner|train|dataset=csv|dataset.path=my table.csv"),
        ("runner predict last my\t", "runner|predict|last|my table.csv"),
    ],
)
def test_a_real_zsh_completes_what_is_typed(typed: str, entered: str, shell: dict[str, str], here: Path) -> None:
    first = b'autoload -U compinit; compinit -u -D; eval "$(command runner completion zsh)"'
    told = b'; tell() { print -r -- "<${(j:|:)@}>" }'
    with interactive(["zsh", "-f", "-i"], shell, first + told) as leader:
        check_entered(leader, here, typed, entered)


def check_entered(leader: int, here: Path, typed: str, entered: str) -> None:
    """The tab key, and then the line as the shell takes it when it is entered: by a function in the program's place."""
    (here / "my table.csv").write_text("a,b\n1,2\n")
    os.write(leader, f"{typed}\x01tell \n".encode())  # control-A: to the start of the line
    read_until(leader, f"<{entered}>".encode())


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_a_real_zsh_lists_what_there_is_to_choose_from(shell: dict[str, str]) -> None:
    first = b'autoload -U compinit; compinit -u -D; eval "$(runner completion zsh)"'
    with interactive(["zsh", "-f", "-i"], shell, first) as leader:
        os.write(leader, b"runner train model=\t")
        read_until(leader, b"model=torchvision")


def read_until(descriptor: int, wanted: bytes) -> None:
    told, until = b"", time.monotonic() + 60
    while wanted not in told:
        assert time.monotonic() < until, told
        if select.select([descriptor], [], [], 1)[0]:
            told += os.read(descriptor, 4096)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_zsh_takes_the_script(shell: dict[str, str]) -> None:
    script = 'eval "$(runner completion zsh)"; print $_comps[runner]'
    done = subprocess.run(["zsh", "-f", "-c", script], env=shell, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("_runner_completion\n", "")


def test_a_key_is_answered_without_an_import_that_takes_long() -> None:
    code = "import sys; from runner.cli.main import main\n"
    code += "main(['completion', 'words', 'runner train optimizer.'])\n"
    code += "print({'torch', 'hydra', 'omegaconf', 'numpy', 'pandas', 'rich.console'} & set(sys.modules))"
    env = os.environ | {"PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    *offered, imported = done.stdout.splitlines()
    assert "optimizer.lr=" in offered and imported == "set()"


@pytest.mark.parametrize("argv", [[], ["fish"], ["bash", "zsh"]])
def test_another_shell_is_told(argv: list[str], capsys: Capture) -> None:
    assert main.main(["completion", *argv]) == 2
    assert 'eval "$(runner completion bash)"' in capsys.readouterr().err


def test_hydras_own_way_says_ours(capsys: Capture) -> None:
    assert main.main(["train", "--shell-completion", "install=bash"]) == 2
    assert 'eval "$(runner completion bash)"' in capsys.readouterr().err
