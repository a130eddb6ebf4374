"""What steers a terminal is shown by its number, wherever the text of others is printed."""

import io
import math
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.style import Style
from rich.table import Table
from rich.text import Text
from torch import nn

from runner.cli.main import main
from runner.config.spelling import listed
from runner.config.types import shown
from runner.screen.console import READABLE, RunConsole, _Console, draw
from runner.screen.predictions import Answers, lines
from runner.screen.table import Listing
from runner.text import (
    broken,
    counted,
    duration,
    figure,
    here,
    message,
    painted,
    reason,
    say,
    short_names,
    shortened,
    visible,
)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("a\nb\r\tc\x00\x7f\x9b", "a\\x0ab\\x0d\\x09c\\x00\\x7f\\x9b"),
        ("a\u202eb\u2066\u2028", "a\\u202eb\\u2066\\u2028"),
        ("가격 é ½ x\u00a0y", "가격 é ½ x\u00a0y"),
    ],
)
def test_case_37_control_characters_are_shown(text: str, seen: str) -> None:
    assert visible(text) == shortened(text, 80) == shown(text) == listed([text]) == seen


def test_case_37_only_the_first_line_of_a_message_begins_at_the_margin() -> None:
    assert message("a\x1b: wrong\n  choices: b\nerror: fake") == "a\\x1b: wrong\n  choices: b\n  error: fake"


def test_case_37_a_printed_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nb", "c\x1b")
    draw(Listing("t\x1b", ("a", "b"), (("x\ny", "z\x1b"),), notes=("n\x1b",)))
    assert capsys.readouterr().out == "a\\x0ab\nc\\x1b\nt\\x1b\n  x\\x0ay  z\\x1b\nn\\x1b\n"


def test_case_37_rich_shows_them_too_in_a_terminal_and_elsewhere() -> None:
    table = Table("head\x1b[2J", min_width=30)
    table.add_row(Text("cell\x1b[1m"))
    for is_terminal in (True, False):
        stream = io.StringIO()
        screen = _Console(file=stream, force_terminal=is_terminal, color_system="standard" if is_terminal else None)
        screen.print(table, Text("line\x9b\nnext", style="red"))
        written = stream.getvalue()
        assert "head\\x1b[2J" in written and "cell\\x1b[1m" in written and "line\\x9b" in written
        assert not any(raw in written for raw in ("\x1b[2J", "cell\x1b", "\x9b"))
        assert ("\x1b[31mline" in written) is is_terminal


def test_case_37_a_warning_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    RunConsole().warn("a\x1b[1m\nerror: fake")
    assert capsys.readouterr().err == "warning: a\\x1b[1m\n  error: fake\n"


def test_case_37_an_answer_shows_the_names_of_rows_and_classes() -> None:
    import torch

    found = lines(Answers(["a\nb.png"], torch.tensor([[0.25, 0.75]]), ("c\x1b", "d")), None, heading=False)
    printed = io.StringIO()
    say(*found, file=printed)
    assert printed.getvalue().startswith("a\\x0ab.png  d") and "c\\x1b" in printed.getvalue()
    assert printed.getvalue().count("\n") == 1


@pytest.mark.parametrize("argv", [["tr\x1b[1main"], ["train", "ep\x1b[1mochs=3"], ["resume", "x\x1b[1m\nerror: y"]])
def test_case_37_an_error_shows_what_was_typed(argv: list[str], capsys: Any) -> None:
    assert main(argv) == 2
    told = capsys.readouterr().err
    assert "\\x1b[1m" in told and "\x1b" not in told and told.count("error: ") == 1 + ("error: y" in told)
    assert all(line.startswith("error: " if not place else "  ") for place, line in enumerate(told.splitlines()))


def test_a_path_is_told_from_the_current_folder_on_where_it_is_below(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here(tmp_path / "outputs" / "run") == "outputs/run"
    assert here(Path("outputs")) == "outputs"
    assert here(tmp_path.parent / "elsewhere") == str(tmp_path.parent / "elsewhere")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (0.12344, "0.1234"),
        (-0.5, "-0.5000"),
        (12.3456, "12.346"),
        (123.456, "123.46"),
        (2921.34, "2,921.3"),
        (54321.6, "54,322"),
        (3669243.7, "3,669,244"),
        (-11_000_000.0, "-11,000,000"),
        (16_777_215.0, "16,777,215"),
        (150_285_856.0, "150,285,900"),
        (-671_295_360.0, "-671,295,400"),
        (0.000012, "1.200e-05"),
        (3.4e38, "3.400e+38"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_a_figure_keeps_what_can_be_compared(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(5.0, "5"), (0.5, "0.5"), (1200.0, "1,200"), (3e6, "3,000,000"), (0.0, "0"), (1e-5, "1e-05")]
)
def test_a_short_figure_has_no_zeros_at_its_end(value, text):
    assert figure(value, is_short=True) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.163, "0.16 s"),
        (1.24, "1.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (245.4, "4 min 05 s"),
        (7805, "2 h 10 min"),
    ],
)
def test_a_duration_is_said_in_the_units_that_matter(seconds, text):
    assert duration(seconds) == text


def test_one_is_not_a_plural():
    assert counted(1, "epoch") == "1 epoch"
    assert counted(1294, "row") == "1,294 rows"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import json\nx = json.loads('{')", r"JSONDecodeError: Expecting .* \(mine\.py, line 2\)"),
        ("raise ValueError('\\n first\\nsecond')", r"ValueError: first \(mine\.py, line 1\)"),
        ("\nassert False", r"AssertionError \(mine\.py, line 2\)"),
    ],
)
def test_a_fault_of_the_users_code_is_told_with_its_line(tmp_path: Path, code: str, told: str) -> None:
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises((ValueError, AssertionError)) as caught:
        runpy.run_path(str(tmp_path / "mine.py"))
    assert re.fullmatch(told, reason(caught.value))


def test_a_fault_of_an_installed_package_is_told_without_a_line() -> None:
    with pytest.raises(RuntimeError) as caught:
        nn.functional.linear(torch.zeros(2, 3), torch.zeros(2, 4))
    own = caught.value.with_traceback(caught.value.__traceback__ and caught.value.__traceback__.tb_next)
    assert reason(own).startswith("RuntimeError: mat1 and mat2") and "line" not in reason(own)


def test_error_is_red_in_a_terminal_with_colours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, file = io.StringIO(), io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert [painted("error:", stream) for stream in (terminal, file)] == ["\x1b[1;31merror:\x1b[0m", "error:"]
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("error:", terminal) == "error:"


def contrast(colour: str, ground: tuple[int, int, int]) -> float:
    """As WCAG 2.1 has it, of a style of rich on a ground."""

    def luminance(rgb: tuple[int, int, int]) -> float:
        parts = (value / 255 for value in rgb)
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    found = Style.parse(colour).color
    assert found is not None
    low, high = sorted((luminance(tuple(found.get_truecolor())), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", READABLE.values())
def test_colours_can_be_read_on_white_and_on_black(colour: str) -> None:
    assert min(contrast(colour, (255, 255, 255)), contrast(colour, (0, 0, 0))) >= 3.8


def test_a_setting_is_called_by_its_last_word_where_that_is_clear() -> None:
    names = ["optimizer.lr", "model", "model.head.dropout", "dataset.dropout"]
    assert short_names(names) == {
        "optimizer.lr": "lr",
        "model": "model",
        "model.head.dropout": "head.dropout",
        "dataset.dropout": "dataset.dropout",
    }


def test_a_note_is_broken_between_words_and_what_is_to_be_pasted_is_not() -> None:
    note = "column 계약일 is left out; to use it: 'dataset.columns={sold on: date}'"
    assert [*broken(note, 40)] == ["column 계약일 is left out; to use it:", "'dataset.columns={sold on: date}'"]
    for whole in (
        "two  blanks",
        "  outputs/a folder with a long name",
        "go on: python -m runner resume last",
    ):
        assert [*broken(whole, 12)] == [whole]
