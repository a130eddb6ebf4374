# ruff: noqa: RUF001  letters of other alphabets
"""What a text was written in: found where it is plain, offered where it is not."""

from pathlib import Path
from unicodedata import normalize

import pytest

from runner.data.table import text as module
from runner.data.table.packing import Content
from runner.data.table.text import Encoded, as_utf8
from runner.errors import DataError


def encoded(text: str | bytes, encoding: str = "utf-8") -> Encoded:
    return as_utf8(Path("a.csv"), Content(text if isinstance(text, bytes) else text.encode(encoding)), None)


@pytest.mark.parametrize(
    "text",
    [
        "price,n\n5€,1\n10–20,2\nit’s,3\n",
        "price\n10€–20€\n“so”…\n",
        "place,n\ncafé – 5€,1\nl’été,2\n“naïve”,3\n",
        "name,n\nMüller,1\nFrançois,2\nMuñoz,3\nJørgensen,4\nÁlvaro,5\nJoão,6\nŠkoda,7\n",
        "unit,n\nm²,1\n20°C,2\nµg,3\n£50,4\n½,5\n",
        "a\n¿Qué?\n¡Sí!\nEspaña\n1ª\n",
    ],
)
def test_case_45_western_text_with_signs_is_found(text: str) -> None:
    found = encoded(text, "cp1252")
    assert (found.encoding, found.utf8.decode()) == ("cp1252", text)
    assert "read as cp1252; if it is not, say which: dataset.encoding=..." in found.note


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Łódź,1\nPaweł,2\nKraków,3\nGdańsk,4\nświęty,5\n"),
        ("iso-8859-2", "Łódź,1\nPaweł,2\nKraków,3\nGdańsk,4\nświęty,5\n"),
        ("cp1250", "příliš,1\nžluťoučký,2\nkůň,3\nĎábel,4\n"),
        ("cp1250", "Győr,1\nnyűg,2\nárvíztűrő,3\n"),
        ("cp1251", "Москва,1\nКазань,2\nдом,3\n"),
        ("koi8-r", "Москва,1\nКазань,2\nдом,3\n"),
        ("cp1253", "Αθήνα,1\nΠάτρα,2\n"),
        ("cp1254", "İstanbul,1\nDiyarbakır,2\nşehir,3\nağaç,4\n"),
        ("cp1257", "Rīga,1\nŠiauliai,2\nJūrmala,3\n"),
        ("cp850", "Grün,1\nMüller,2\n"),
        ("gb18030", "北京,1\n上海,2\n价格,3\n"),
    ],
)
def test_case_45_another_encoding_is_offered_first_and_not_guessed(encoding: str, text: str) -> None:
    with pytest.raises(DataError, match=f"the likeliest first: dataset.encoding={encoding}, .*cp1252"):
        encoded(text, encoding)


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-jp", "big5"])
def test_case_45_letters_of_two_bytes_are_not_taken_for_western_ones(encoding: str) -> None:
    with pytest.raises(DataError, match=f"dataset.encoding=.*{encoding}"):
        encoded("臺北,1\n價格,2\n高雄,3\n" if encoding == "big5" else "赤い,1\n青い,2\nカラー,3\n", encoding)


def test_case_16_a_sample_decides_wherever_the_hangul_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_BYTES", 2**12)
    hangul = "".join(f"{['서울', '부산', '대구'][i % 3]},{i}\n" for i in range(4000))
    for text in (
        hangul,
        "plain,1\n" * 9000 + hangul,
        "20°C,1\n" + "plain,1\n" * 9000 + hangul,
        hangul.replace("\n", "\r"),
    ):
        found = encoded(text, "cp949")
        assert (found.encoding, found.utf8.decode()) == ("cp949", text)
        assert len(module._sample(text.encode("cp949"))) <= 2**12 + module.WINDOWS


def test_case_16_a_fault_far_down_is_told_with_its_line() -> None:
    with pytest.raises(DataError, match=r"a\.csv, line 90001: byte 0xff is not cp949"):
        encoded("서울,1\n".encode("cp949") * 90_000 + b"\xff\xff,1\n")
    with pytest.raises(DataError, match=r"line 90001: byte 0xff is not UTF-8, and all above it is; fix it"):
        encoded("서울,1\n".encode() * 90_000 + b"\xff\xff,1\n")


def test_case_19_letters_and_accents_apart_are_put_together() -> None:
    text = "도시,café\n서울,1\n"
    assert encoded(normalize("NFD", text)).utf8.decode() == text


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=\t"])
def test_nothing_stands_in_a_line_that_is_for_excel_and_the_lines_below_keep_their_numbers(line: str) -> None:
    assert encoded(f"{line}\r\na;b\r\n").utf8 == b"\r\na;b\r\n"


@pytest.mark.parametrize("line", ["sep=;,b", "sep", "a;sep=;"])
def test_a_header_that_looks_like_a_line_for_excel_stays(line: str) -> None:
    assert encoded(f"{line}\n1;2\n").utf8 == f"{line}\n1;2\n".encode()
