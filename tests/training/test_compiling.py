"""What becomes of a net that torch cannot compile here."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from experiments import assembled
from runner.experiment.assemble import Experiment
from runner.training.compiling import with_compiled_net


def compiled_by(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[Experiment, Experiment, list[str]]:
    """(the run, as its steps run after the compiler raised ``fault``, what is said)"""

    def refuse(model: Any, **options: Any) -> None:
        raise fault

    monkeypatch.setattr(torch, "compile", refuse)
    said: list[str] = []
    views: Any = SimpleNamespace(console=SimpleNamespace(busy=said.append), warn=said.append)
    run = assembled(["dataset=iris", "model=linear", "compile=true"])
    return run, with_compiled_net(run, views), said


def test_without_a_compiler_the_net_runs_as_it_is_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    run, as_it_runs, said = compiled_by(RuntimeError("No working C++ compiler found\nand more"), monkeypatch)
    assert as_it_runs is run
    assert said == [
        "compiling the net",
        "compile=true: torch cannot compile this net here, it runs as it is: No working C++ compiler found",
    ]


def test_memory_that_ran_out_is_not_taken_for_a_missing_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemoryError):
        compiled_by(MemoryError(), monkeypatch)


def test_a_net_that_shall_not_be_compiled_is_not() -> None:
    run = assembled(["dataset=iris", "model=linear"])
    views: Any = None
    assert with_compiled_net(run, views) is run
