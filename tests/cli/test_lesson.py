"""explain TOPIC as it is typed: lines, what they come to, the lines alone; and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from runner.cli import main
from runner.cli.completion import candidates
from runner.lessons.topics import LESSONS

Capture = pytest.CaptureFixture[str]
SIZES = ["kernel_size=[3,5]", "stride=[2,1]", "padding=[4,2]", "dilation=[3,1]", "input=[16,50,100]"]


def said(capsys: Capture, *words: str) -> str:
    with torch.random.fork_rng():
        assert main.main(["explain", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_lesson_tells_a_sentence_a_line_its_result_and_its_shape(capsys: Capture) -> None:
    lines = said(capsys, "autograd").splitlines()
    assert lines[0] == "autograd  torch remembers each step and derives backwards"
    place = lines.index(">>> x.grad")
    assert lines[place + 1 : place + 3] == ["tensor([[2., 2.],", "        [2., 2.]])   shape 2 x 2, float32"]
    place = lines.index(">>> with torch.no_grad():")
    assert lines[place + 1] == "...     y = w * 2" and lines[place - 1].startswith("no_grad remembers nothing")


def test_a_shape_that_has_no_room_beside_its_numbers_stands_below_them(capsys: Capture) -> None:
    lines = said(capsys, "autograd").splitlines()
    place = lines.index(">>> y = x + 1")
    assert lines[place + 2 : place + 4] == ["        [2., 2.]], grad_fn=<AddBackward0>)", "shape 2 x 2, float32"]


def test_the_size_of_a_convolution_is_drawn_with_its_formula(capsys: Capture) -> None:
    out = said(capsys, "conv", *SIZES)
    assert out.index("torch.Size([20, 33, 26, 100])") < out.index("50 x 100 -> 26 x 100") < out.index("#--#--#")
    assert "room = 50 + 2 x 4 - 3 x (3 - 1) - 1 = 51" in out


@pytest.mark.parametrize("typed", ["kernel_size=5", "kernel_size=[5]", "kernel_size=[5, 5]", "kernel_size=(5,5)"])
def test_a_number_holds_for_both_sides_and_what_is_not_said_is_as_in_torch(typed: str, capsys: Capture) -> None:
    out = said(capsys, "conv", typed, "input=[1,28,28]")
    assert "torch.Size([20, 33, 24, 24])" in out and "28 x 28 -> 24 x 24" in out


def test_the_largest_numbers_are_computed_at_once(capsys: Capture) -> None:
    out = said(capsys, "conv", "kernel_size=10000", "padding=10000", "input=[10000,10000,10000]")
    assert "torch.Size([20, 33, 20001, 20001])" in out


@pytest.mark.parametrize("topic", LESSONS)
def test_the_code_is_the_lines_alone(topic: str, capsys: Capture) -> None:
    assert said(capsys, topic, "--code") == f"{LESSONS[topic].code}\n"


def test_the_code_of_a_convolution_has_the_numbers_that_were_asked_for(capsys: Capture) -> None:
    code = said(capsys, "conv", *SIZES, "--code")
    assert code.startswith("import torch\n") and "kernel_size=(3, 5)" in code and "->" not in code


def test_a_lesson_needs_no_data_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_DATA", str(tmp_path / "nowhere"))
    assert "shape 4 x 20 x 12 x 12" in said(capsys, "pool")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tensor"], "explain tensor: there is no such lesson; did you mean: python -m runner explain tensors"),
        (["scheduler"], "explain scheduler: there is no such lesson; did you mean: python -m runner explain schedule"),
        (["nothing", "--code"], "explain nothing: there is no such lesson\n  lessons: tensors, autograd, conv"),
        (["--code"], "explain --code: name a lesson\n  lessons: tensors, autograd, conv"),
        (["conv", "pool"], "explain conv pool: one lesson at a time"),
        (["pool", "stride=2"], "explain pool stride=2: this lesson takes no arguments; conv does"),
        (["conv", "kernal_size=3"], "explain conv kernal_size=3: no such argument; did you mean kernel_size"),
        (["conv", "dataset=iris"], "explain conv dataset=iris: no such argument; there are kernel_size, stride"),
        (
            ["conv", "kernel_size=0", "padding=same"],
            "explain conv kernel_size=0: must be a number, or two for height and width, from 1 to 10,000, as in "
            "kernel_size=[3,5]\nerror: explain conv padding=same: must be a number, or two for height",
        ),
        (
            ["conv", "input=[50,100]"],
            "explain conv input=[50,100]: must be channels, height and width, from 1 to 10,000",
        ),
        (["conv", "stride=[1,2,3]"], "explain conv stride=[1,2,3]: must be a number, or two"),
        (["conv", "stride=10001"], "explain conv stride=10001: must be a number, or two"),
        (["conv", "stride=(2,1]"], "explain conv stride=(2,1]: must be a number, or two"),
        (
            ["conv", "kernel_size=[99,3]"],
            "explain conv: the kernel covers 99 pixels of the height, and with its padding it has 50; take",
        ),
        (
            ["conv", "--cod"],
            "explain: --cod: no such flag; did you mean --code?\n  python -m runner explain TOPIC [--code]",
        ),
    ],
)
def test_a_wrong_topic_or_argument_is_told(words: list[str], told: str, capsys: Capture) -> None:
    assert main.main(["explain", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err


def test_what_is_near_to_no_topic_is_answered_as_before(capsys: Capture) -> None:
    assert main.main(["explain", "iris"]) == 2
    assert "python -m runner explain dataset=iris" in capsys.readouterr().err


def test_the_tab_key_knows_the_topics_and_what_stands_beside_one() -> None:
    assert set(LESSONS) <= set(candidates("runner explain "))
    assert candidates("runner explain aut") == ["autograd"]
    assert candidates("runner explain conv k") == ["kernel_size="] and "--code" in candidates("runner explain conv -")
    assert candidates("runner explain pool ") == []


def test_the_help_names_each_topic_with_what_it_is(capsys: Capture) -> None:
    with pytest.raises(SystemExit, match="0"):
        main.main(["explain", "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(
        any(line.split()[:1] == [name] and lesson.title in line for line in lines) for name, lesson in LESSONS.items()
    )
