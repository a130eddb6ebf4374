import pytest
import torch

from runner.runs.files import csv_cells
from runner.screen.predictions import Answers, CsvText


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-b", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "+inf", "-1,5"])
def test_case_37_a_text_that_a_spreadsheet_would_compute_is_quoted(text: str) -> None:
    assert csv_cells([text]) == [f"'{text}"]


@pytest.mark.parametrize("cell", ["-1.5", "+3e-4", "a=1", "", "'x", "가", -1.5, 7, None])
def test_case_37_numbers_and_other_texts_are_left_as_they_are(cell: object) -> None:
    assert csv_cells([cell]) == [cell]


def test_case_37_the_file_of_answers_quotes_classes_and_inputs() -> None:
    text = CsvText(("=1+1", "b"), "probability", truths=True)
    text.add(Answers(["-x.png"], torch.tensor([[0.75, 0.25]]), ("=1+1", "b"), ["=1+1"]))
    assert text.content().decode().splitlines() == [
        "input,predicted,probability,p(=1+1),p(b),true",
        "'-x.png,'=1+1,0.75,0.75,0.25,'=1+1",
    ]
