"""README.ko.md tells to type what README.md does; that one is typed by test_readme."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGLISH, KOREAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language, without the comments behind the commands."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)
    return [re.sub(r" +# .*", "", block) for block in found] if language == "bash" else found


def test_the_commands_are_those_of_the_english_page() -> None:
    assert len(blocks(KOREAN, "bash")) >= 4
    assert blocks(KOREAN, "bash") == blocks(ENGLISH, "bash")


def test_the_file_and_the_errors_are_those_of_the_english_page() -> None:
    assert blocks(KOREAN, "yaml") == blocks(ENGLISH, "yaml")
    faults = [[block for block in blocks(page, "") if block.startswith("$ ")] for page in (KOREAN, ENGLISH)]
    assert faults[0] == faults[1] and len(faults[0]) == 1


def test_the_files_of_a_run_are_those_of_the_english_page() -> None:
    named = [re.findall(r"^([\w./*]+) {2,}", block, re.M) for page in (KOREAN, ENGLISH) for block in run_files(page)]
    assert named[0] == named[1] and len(named[0]) >= 8


def run_files(page: str) -> list[str]:
    return [block for block in blocks(page, "") if block.startswith("config.yaml ")]


def test_every_file_the_page_points_at_is_there() -> None:
    named = re.findall(r"\]\(([\w./-]+)", KOREAN)
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_each_page_links_to_its_other_language() -> None:
    for folder, name in ((ROOT, "README"), (ROOT / "docs", "notes")):
        assert f"]({name}.ko.md)" in (folder / f"{name}.md").read_text(encoding="utf-8")
        assert f"]({name}.md)" in (folder / f"{name}.ko.md").read_text(encoding="utf-8")
