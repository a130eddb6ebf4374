from __future__ import annotations

import pytest

from runner import cli


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("runner tr", {"train"}),
        ("runner ", set(cli.VERBS)),
        ("runner train optimizer=ada", {"optimizer=adam", "optimizer=adamw", "optimizer=adagrad"}),
        ("runner train model=cnn optimizer.l", {"optimizer.lr="}),
        ("runner train scheduler=step_lr scheduler.gam", {"scheduler.gamma="}),
        ("runner show sched", {"scheduler"}),
        ("runner show optimizer=sg", {"optimizer=sgd"}),
        ("runner train b=(( optimizer.l", set()),  # a line that cannot be read
        ("runner resume ou", set()),  # left to the shell: a path
    ],
)
def test_the_tab_key_offers_what_fits(
    line: str, words: set[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    assert cli.main(["-sc", "query=bash"]) == 0
    out, err = capsys.readouterr()
    offered = set(out.split())
    assert words <= offered and all(word.startswith(line.rpartition(" ")[2]) for word in offered)
    assert bool(words) == bool(offered)
    assert err == ""


def test_the_script_for_the_shell_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-sc", "install=bash"]) == 0
    assert "hydra_bash_completion" in capsys.readouterr().out


def test_a_wrong_question_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-sc", "install=nosuchshell"]) == 2
    assert "install=bash, install=zsh or install=fish" in capsys.readouterr().err
