"""Words cut to the room that they have."""

from runner.figures.style import shortened


def test_a_hangul_character_counts_as_two() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
    assert shortened("가나다", 6) == "가나다"
    assert shortened("가나다라", 6) == "가나…"
