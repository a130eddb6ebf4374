"""A CSV as a script reads it, with pandas: the same losses, or a refusal."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from as_script import check, counted
from runner.cli import main
from runner.export import table

MODEL = ["dataset=csv", "model=dnn", "epochs=3", "batch_size=16"]


def rows(*, delimiter: str = ",", decimal: str = ".") -> list[str]:
    """id, year, colour, size, member, same, price, kind; numbers that begin far from 0, words, yes and no."""
    draw = random.Random(0)
    lines = []
    for i in range(120):
        year, colour, size = draw.randint(1990, 2020), draw.choice(["red", "green", "blue"]), draw.choice("SML")
        price = f"{draw.gauss(year, 9):.2f}".replace(".", decimal)
        kind = ("tin", "gold")[(year > 2005) == (colour == "red")]
        lines.append(delimiter.join([str(i), str(year), colour, size, draw.choice(["yes", "no"]), "7", price, kind]))
    return lines


NAMES = ["id", "year", "colour", "size", "member", "same", "price", "kind"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are tried here: a process of its own imports torch again, seconds each time."""
    monkeypatch.setattr(table, "ProcessPoolExecutor", lambda workers, context: ThreadPoolExecutor(workers))


def words_of(folder: Path, *words: str) -> list[str]:
    return [*MODEL, f"dataset.path={folder / 'my.csv'}", *words]


def write(lines: Sequence[str], *, header: str | None = ",".join(NAMES), encoding: str = "utf-8") -> None:
    Path("my.csv").write_text("\n".join([*([header] if header else []), *lines, ""]), encoding)


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize(
    "words",
    [
        ["dataset.target=kind"],
        ["dataset.target=price"],
        ["dataset.target=kind", "dataset.columns={size: [S,M,L], same: numeric}"],
        ["dataset.target=colour", "dataset.columns={id: numeric}", "folds=3", "fold=1"],
        ["dataset.target=size", "dataset.columns={year: ignored, price: ignored, id: ignored}"],  # words alone
        ["dataset.target=member", "loss=bce_with_logits", "loss.pos_weight=balanced", "dataset.limit=40"],
    ],
)
def test_a_table_of_words_and_numbers(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(rows())
    script = check(words_of(folder, *words), folder, capsys)
    assert 40 <= counted(script) <= 63  # the command in two lines, because of its path
    assert 'table = pd.read_csv("my.csv")\n' in script


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize("words", [["dataset.target=kind"], ["dataset.target=price", "dataset.missing=impute"]])
def test_empty_cells_are_filled_in_as_the_run_does(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line.split(",") for line in rows()]
    for number, cells in enumerate(lines):
        for place in (1, 2, 4):  # a number, words, two words
            cells[place] = "" if number % 7 == place else cells[place]
    write([",".join(cells) for cells in lines])
    script = check(words_of(folder, *words), folder, capsys)
    assert "torch.where(x.isnan(), mean, x)" in script and "[:, 1:]" in script


@pytest.mark.usefixtures("no_process")
def test_a_table_as_it_is_written_elsewhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = "번호;연도;색;크기;회원;같음;값;종류"
    write(rows(delimiter=";", decimal=","), header=header, encoding="cp949")
    script = check(words_of(folder, "dataset.target=값", "dataset.columns={크기: [S,M,L]}"), folder, capsys)
    assert 'pd.read_csv("my.csv", sep=";", decimal=",", encoding="cp949")\n' in script
    assert 'table["크기"] = pd.Categorical(table["크기"], ["S", "M", "L"]).codes\n' in script


@pytest.mark.usefixtures("no_process")
def test_a_table_with_a_line_for_excel(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(rows(delimiter=";"), header=f"sep=;\n{';'.join(NAMES)}")
    script = check(words_of(folder, "dataset.target=kind"), folder, capsys)
    assert 'pd.read_csv("my.csv", sep=";", skiprows=1)' in script


@pytest.mark.usefixtures("no_process")
def test_a_table_without_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write([line.replace(",", ", ") for line in rows()], header=None)
    script = check(words_of(folder, "dataset.target=c8", "dataset.columns={c1: ignored}"), folder, capsys)
    assert 'skipinitialspace=True, header=None, names=[f"c{i}" for i in range(1, 9)])' in script
    check(words_of(folder, f"dataset.names=[{','.join(NAMES)}]", "dataset.target=kind"), folder / "named", capsys)


@pytest.mark.usefixtures("no_process")
def test_a_category_may_be_called_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write([line.replace(",red,", ",None,") for line in rows()])
    script = check(words_of(folder, "dataset.target=kind"), folder, capsys)
    assert 'pd.read_csv("my.csv", keep_default_na=False)' in script


@pytest.mark.usefixtures("no_process")
def test_names_are_written_so_that_python_reads_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(rows(), header='id,year,"the ""colour""",a\\b,member,same,price,kind')
    script = check(words_of(folder, "dataset.target=price"), folder, capsys)
    assert """words = ['the "colour"', 'a\\\\b', "member", "kind"]\n""" in script


def test_lines_that_bring_other_values_in_a_process_of_their_own_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(rows())
    years = ",".join(f"'{year}'" for year in range(2020, 1989, -1))
    assert main.main(["code", *words_of(folder, "dataset.target=kind", f"dataset.columns={{year: [{years}]}}")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "my.csv: pandas, which a script has, reads it otherwise: other values" in err


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize(
    ("change", "words", "told"),
    [
        (("", ""), ["dataset.split_rows=[80,20]"], "dataset.split_rows=[80, 20]: a plain script has no such thing"),
        (("", ""), ["dataset.categorical=embedding"], "dataset.categorical=embedding: a plain script has no such"),
    ],
)
def test_what_a_script_has_no_line_for_is_refused(
    change: tuple[str, str], words: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write([line.replace(*change) for line in rows()])
    assert main.main(["code", *words_of(folder, "dataset.target=kind", *words)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err
