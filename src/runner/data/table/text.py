"""The text of a file as UTF-8, whatever it was written in: found where only one encoding makes sense."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_lowercase
from unicodedata import is_normalized, normalize

from runner.data.table.packing import Content
from runner.errors import ConfigError, DataError

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WESTERN = ("äöüß", "àâçéèêëîïôùûüœæ", "áéíóúñü", "ãõáâàéêíóôúç", "àèéìíòóù", "åäöæøé", "áðéíóúýþæö", "áéèëïöüó")
LOANED = "šžýðþ"  # in names, among the letters of any western language
CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áéíóöőúüű", "áäčďéíĺľňóôŕšťúýž", "čćđšž", "ăâîşţ")
CYRILLIC = ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")
ALPHABETS: Mapping[str, tuple[str, ...]] = {  # of an encoding, the letters beside a to z of some languages
    "cp1252": WESTERN,
    "cp1250": CENTRAL,
    "iso-8859-2": CENTRAL,
    "cp1251": CYRILLIC,
    "koi8-r": CYRILLIC,
    "cp866": CYRILLIC,
    "cp1253": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",),
    "cp1254": ("çğıöşüâî\u0307",),  # a dot remains of İ in small letters
    "cp1257": ("āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž"),
    "mac-roman": WESTERN,
    "cp850": WESTERN,
}
OF_PAIRS = ("gb18030", "big5", "euc-jp", "shift_jis")  # of which a letter takes two bytes or more
OFTEN = ("cp1252", "cp949", "cp1250", "cp1251", "shift_jis", "gb18030")
SAMPLE_BYTES = 2**17
WINDOWS = 16  # in which a text is looked at, from the first byte on that is not ASCII
SURE = 0.9  # of the characters that are not ASCII have to speak for an encoding
CLEARER = 0.1  # more of them for another encoding than for cp1252: that is not taken
SHORT = 100  # bytes before the first that is not ASCII: the word that it stands in
_BREAK = re.compile(rb"[\s,;|]")  # no second byte of a letter
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_IN_WORDS = "·\u00b4\u2018\u2019\u2013\u2014\u00ad"  # signs that may stand between letters
_BEFORE_WORDS = "“„«¿¡…•\u00a0µ"
_BEHIND_WORDS = "”»™®©²³ªº"
_ALONE = "€£§±¼½¾\u00d7\u00f7"
_SIGNS = f"{_IN_WORDS}{_BEFORE_WORDS}{_BEHIND_WORDS}{_ALONE}°"
_LETTER = rf"[^\W\d_{_SIGNS}]"
_WORD = re.compile(f"{_LETTER}+")
_FOREIGN_RUN = re.compile("[^\x00-\x7f]+")
_SIGN = re.compile(f"[{_SIGNS}]")
_MISPLACED = re.compile(  # where only letters stand: ³ for ł, £ for Ł
    rf"[{_BEHIND_WORDS}{_ALONE}](?={_LETTER})|(?<={_LETTER})[{_BEFORE_WORDS}]|°(?={_LETTER * 2})|(?<={_LETTER * 3})[²³]"
)


# A first line by which Excel alone knows the delimiter
OF_EXCEL = re.compile(rb'"?sep=[^\r\n]"?(?=[\r\n])', re.IGNORECASE)


@dataclass(frozen=True)
class Encoded:
    """A text as UTF-8, without a mark in front, its letters composed (NFC), and with nothing in a line for Excel."""

    utf8: bytes
    encoding: str  # that it was written in
    note: str  # what a user should know of how that was found; "" where it was plain


def as_utf8(path: Path, content: Content, encoding: str | None) -> Encoded:
    """The text in UTF-8. Raises DataError naming the place where it is none, or what it may be."""
    encoded = _encoded(path, content, encoding)
    line = OF_EXCEL.match(encoded.utf8)
    return replace(encoded, utf8=encoded.utf8[line.end() :]) if line else encoded


def _encoded(path: Path, content: Content, encoding: str | None) -> Encoded:
    raw = content.raw
    encoding = content.encoding or encoding
    if encoding == "utf-8" and raw.isascii():
        return Encoded(raw, encoding, "")
    named = encoding or next((name for mark, name in BOMS.items() if raw.startswith(mark)), None)
    if named is not None:
        return Encoded(_recoded(path, raw, named), named, "")
    if b"\0" in raw:
        line = _line(raw, raw.index(b"\0"))
        raise DataError(
            f"{path}, line {line}: a byte 0: not text, or UTF-16 without a mark: dataset.encoding=utf-16-le"
        )
    if raw.isascii():
        return Encoded(raw, "utf-8", "")
    try:
        return Encoded(_composed_utf8(raw.decode(), raw), "utf-8", "")
    except UnicodeDecodeError as fault:
        found = _guess(path, raw, fault.start)
    note = f"{path}: read as {found}; if it is not, say which: dataset.encoding=..."
    return Encoded(_recoded(path, raw, found), found, note)


def composed(text: str) -> str:
    """The text with accents as parts of their letters (NFC), which macOS writes beside them."""
    return normalize("NFC", text)


def _recoded(path: Path, raw: bytes, encoding: str) -> bytes:
    try:
        text = raw.decode(encoding)
    except LookupError as fault:
        raise ConfigError(f"dataset.encoding={encoding}: no such encoding; utf-8, utf-16, cp949, cp1252") from fault
    except UnicodeDecodeError as fault:
        where = f"{path}, line {_line(raw, fault.start)}"
        raise DataError(f"{where}: byte {raw[fault.start]:#04x} is not {encoding}") from fault
    return _composed_utf8(text.removeprefix("\ufeff"))


def _composed_utf8(text: str, utf8: bytes | None = None) -> bytes:
    """The text in UTF-8, ``utf8`` where that is known and composed."""
    if not is_normalized("NFC", text):
        return composed(text).encode()
    return text.encode() if utf8 is None else utf8


def _line(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1


def _guess(path: Path, raw: bytes, fault_at: int) -> str:
    """cp949 where what is not ASCII is Hangul, cp1252 where it is the letters of a western language within words."""
    sample = _sample(raw)
    runs = _HIGH_RUNS.findall(sample)
    are_pairs = sum(len(run) for run in runs if len(run) % 2 == 0) >= SURE * sum(map(len, runs))
    if are_pairs and _is_hangul(sample):
        return "cp949"
    fits = {encoding: _fit(sample, encoding, alphabets) for encoding, alphabets in ALPHABETS.items()}
    is_clearer = max(fits.values()) > fits["cp1252"] + CLEARER
    if _is_western(sample) and not is_clearer:
        return "cp1252"
    likely = [encoding for encoding in sorted(fits, key=lambda name: -fits[name]) if fits[encoding] >= SURE]
    of_pairs = [encoding for encoding in OF_PAIRS if sample.decode(encoding, "replace").count("\ufffd") <= WINDOWS]
    names = dict.fromkeys([*likely, *OFTEN] if likely and not are_pairs else [*of_pairs, *likely, *OFTEN])
    where = f"{path}, line {_line(raw, fault_at)}: byte {raw[fault_at]:#04x} is not UTF-8"
    if not raw[:fault_at].isascii() and not likely:
        raise DataError(f"{where}, and all above it is; fix it, or name another encoding: dataset.encoding=...")
    raise DataError(
        f"{where}, and the encoding of the text is not clear\n"
        f"  name it; the likeliest first: dataset.encoding={', '.join(names)} ..."
    )


def _sample(raw: bytes) -> bytes:
    """The text from before the first byte on that is not ASCII; of a long one, stretches from there to its end."""
    first = _first_high(raw)
    start = max(raw.rfind(b"\n", 0, first) + 1, first - SHORT)
    if len(raw) - start <= SAMPLE_BYTES:
        return raw[start:]
    step, size = (len(raw) - start) // WINDOWS, SAMPLE_BYTES // WINDOWS
    ends = [_BREAK.search(raw, start + i * step) for i in range(1, WINDOWS)]
    starts = [start, *(end.end() for end in ends if end)]  # a letter of two bytes is not cut
    return b"\n".join(raw[start : start + size] for start in starts)


def _first_high(raw: bytes) -> int:
    try:
        raw.decode("ascii")
    except UnicodeDecodeError as fault:
        return fault.start
    return len(raw)


def _is_hangul(sample: bytes) -> bool:
    counts = Counter(sample.decode("cp949", "replace"))
    foreign = {char: count for char, count in counts.items() if not char.isascii()}
    letters = {char: count for char, count in foreign.items() if char.isalpha() or char == "\ufffd"}
    # the 2,350 syllables in use; the 8,822 others of cp949 are what other encodings look like in it
    in_use = [n for char, n in letters.items() if "가" <= char <= "힣" and len(char.encode("euc_kr", "ignore")) == 2]
    return sum(in_use) >= max(SURE * sum(letters.values()), sum(foreign.values()) / 2)


def _is_western(sample: bytes) -> bool:
    """Whether it is cp1252 of whatever languages: their letters stand alone among those of ASCII."""
    letters = [len(run) for word in _words(sample.decode("cp1252", "replace")) for run in _FOREIGN_RUN.findall(word)]
    alone = sum(length for length in letters if length == 1)
    return alone >= SURE * sum(letters) and _fit(sample, "cp1252", ["".join([*WESTERN, LOANED])]) >= SURE


def _fit(sample: bytes, encoding: str, alphabets: Sequence[str]) -> float:
    """The share of what is not ASCII that is a sign in its place, or in a word of one of the alphabets."""
    text = sample.decode(encoding, "replace")
    signs = len(_SIGN.findall(text)) - len(_MISPLACED.findall(text))
    words = Counter(_words(text))
    total = sum(not char.isascii() for char in text)
    return (signs + max(_num_letters(words, alphabet) for alphabet in alphabets)) / total


def _num_letters(words: Counter[str], alphabet: str) -> int:
    """Of the words that are written in this alphabet, the letters that are not ASCII."""
    known = set(alphabet) | (set(ascii_lowercase) if _is_latin(alphabet) else set())
    own = {word: n for word, n in words.items() if known.issuperset(word.lower()) and _is_cased(word)}
    return sum(count * sum(not char.isascii() for char in word) for word, count in own.items())


def _is_cased(word: str) -> bool:
    """Whether no capital stands behind a small letter: in another encoding they change places."""
    return len(word) == 1 or word[1:].islower() or word.isupper()


def _is_latin(alphabet: str) -> bool:
    return alphabet[0] < "\u0250"


def _words(text: str) -> list[str]:
    """The words with a letter that is not ASCII."""
    return [word for word in _WORD.findall(text) if not word.isascii()]
