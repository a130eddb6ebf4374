"""Lines that run: what each comes to, and where it is shown."""

from __future__ import annotations

from runner.lessons.lesson import Lesson, Result

TEXT = """
# Two numbers.
import torch
x = torch.zeros(2)

# A sentence
# of two lines.
for number in range(2):
    print(number)
y = x + 1

None
"""


def test_a_step_is_its_sentence_and_its_lines() -> None:
    assert [sentence for sentence, _ in Lesson("title", TEXT).steps] == ["Two numbers.", "A sentence of two lines.", ""]


def test_the_code_has_no_sentence_and_ends_each_loop_with_an_empty_line() -> None:
    lines = "import torch\nx = torch.zeros(2)\n\nfor number in range(2):\n    print(number)\n\ny = x + 1\n\nNone"
    assert Lesson("title", TEXT).code == lines


def test_each_statement_comes_to_what_it_prints_and_is() -> None:
    (_, first), (_, second), (_, last) = Lesson("title", TEXT).run()
    assert first == [
        Result("import torch", "", ""),
        Result("x = torch.zeros(2)", "tensor([0., 0.])", "shape 2, float32"),
    ]
    assert second == [
        Result("for number in range(2):\n    print(number)", "0\n1", ""),
        Result("y = x + 1", "tensor([1., 1.])", "shape 2, float32"),
    ]
    assert last == [Result("None", "", "")]


def test_of_a_large_tensor_and_of_one_without_numbers_only_the_shape_is_told() -> None:
    lines = "import torch\ntorch.zeros(24)\ntorch.zeros(25)\ntorch.zeros(2, device='meta')\ntorch.tensor(3)"
    ((_, [_, short, large, meta, one]),) = Lesson("title", lines).run()
    assert short.text.startswith("tensor(") and (large.text, large.shape) == ("", "shape 25, float32")
    assert (meta.text, meta.shape) == ("", "shape 2, float32")
    assert (one.text, one.shape) == ("tensor(3)", "one number, int64")
