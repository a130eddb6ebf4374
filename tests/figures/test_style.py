"""Words cut to the room that they have."""

from runner.figures.style import in_width, shortened, style, text_width


def test_a_hangul_character_counts_as_two() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
    assert shortened("가나다", 6) == "가나다"
    assert shortened("가나다라", 6) == "가나…"


def test_words_are_cut_to_pixels_and_no_further() -> None:
    with style():
        wide, narrow = "CUSTOMER_SEGMENT_CODE", "customer_segment_code"
        room = text_width(narrow)
        assert in_width(narrow, room) == narrow
        short = in_width(wide, room)
        assert wide.startswith(short[:-1]) and short.endswith("…")
        assert text_width(short) <= room < text_width(f"{wide[: len(short)]}…")
        assert in_width(wide, 1) == "…"
