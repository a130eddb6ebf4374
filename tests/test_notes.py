"""docs/notes.md taken at its word: each command is typed, and what stands below it is what it prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import program
from pages import RUNNER, File, examples, missing, pieces, steps, typed
from runner.cli.show import sentence
from runner.config.catalog import Catalog

ROOT = Path(__file__).parents[1]
ENGLISH, KOREAN = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("notes.md", "notes.ko.md"))
CONF = Catalog([ROOT / "conf"])
TABLES = ("loss", "optimizer", "scheduler")
TOPICS = ["Tensors", "Autograd", "Data", "Loader", "Transforms", "Layers", "Models", "Losses", "Optimizers"]
TOPICS += ["Schedulers", "The loop", "Evaluation", "TensorBoard", "Prediction", "Overfitting", "Linear regression"]
TOPICS += ["The tables of the notes", "Many runs"]


def sections(page: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = re.split(r"^## (.*)$", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def files(page: str) -> list[File]:
    """Those that the page has the reader write."""
    return [step for step in steps(page) if isinstance(step, File)]


def table(page: str, group: str) -> dict[str, str]:
    """option -> what the page says of it, in the order of the page."""
    lines = page.partition(f"| `{group}=` |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [re.fullmatch(r"\| `(\w+)` \| (.+) \|", line) for line in lines]
    assert all(rows), lines
    return {row[1]: row[2] for row in rows if row}


@pytest.mark.parametrize("name", sections(ENGLISH))
def test_each_command_of_the_page_prints_what_stands_below_it(name: str, tmp_path: Path) -> None:
    for step in steps(sections(ENGLISH)[name]):
        if isinstance(step, File):
            (tmp_path / step.name).write_text(step.text)
            continue
        said = [(line, typed(line, tmp_path)) for line in step.typed]
        assert [(line, done.code, program.amiss(done.err)) for line, done in said] == [
            (line, 0, "") for line in step.typed
        ]
        printed = [line for _, done in said for line in done.out.splitlines()]
        assert missing(step.printed, printed) == [], (step.typed, "\n".join(printed))


def test_every_topic_has_its_commands() -> None:
    found = {name: len(examples(text)) for name, text in sections(ENGLISH).items()}
    assert list(found) == TOPICS and min(found.values()) >= 1 and sum(found.values()) >= 50


def test_every_block_of_both_pages_is_a_command_with_what_it_prints() -> None:
    for page in (ENGLISH, KOREAN):
        assert page.count("\n```") == 4 * len(examples(page)) + 2 * len(files(page))
        assert all(pieces(example.printed) for example in examples(page))
        assert all(example.typed[-1].split()[:3] == [*RUNNER] for example in examples(page))


def test_both_pages_have_the_same_topics_commands_and_excerpts_in_the_same_order() -> None:
    assert examples(KOREAN) == examples(ENGLISH) and files(KOREAN) == files(ENGLISH)
    assert list(iter_levels(KOREAN)) == list(iter_levels(ENGLISH))


def test_the_table_of_contents_links_to_every_topic_in_order() -> None:
    for page in (ENGLISH, KOREAN):
        linked = re.findall(r"^\| \[(.+)\]\(#(.+?)\) \|", page, flags=re.M)
        assert linked == [(name, name.lower().replace(" ", "-")) for name in sections(page)]


def iter_levels(page: str) -> Iterator[str]:
    """What makes the order of a page: the level of each heading, each command, each option of a table."""
    for line in page.splitlines():
        if found := re.match(r"#+(?= )|python -m runner .*|\| `\w+=?` ", line):
            yield found[0]


@pytest.mark.parametrize("group", TABLES)
def test_the_tables_name_every_option_of_conf_with_its_own_words(group: str) -> None:
    told = {name: sentence(CONF.option(group, name).description) for name in CONF.options(group)}
    assert table(ENGLISH, group) == told
    assert list(table(KOREAN, group)) == list(told)
    assert all(re.search(r"[가-힣]", text) for text in table(KOREAN, group).values())


def test_a_changed_word_number_or_order_is_found() -> None:
    printed = ["epoch 1/2  val/loss 0.5000  2 s", "all  650", "done"]
    assert missing(["epoch 1/2 val/loss  0.5100  9.5 s", "...", "done"], printed) == []
    assert missing(["epoch 1/2  val/loss 0.6000  2 s"], printed)
    assert missing(["epoch 1/2  val/loss 0.5000  2 s  * best"], printed)
    assert missing(["epoch 1/3  val/loss 0.5000  2 s"], printed)
    assert missing(["all  651"], printed)
    assert missing(["all  650", "...", "epoch 1/2  val/loss 0.5000  2 s"], printed)
    assert missing(["epoch 1/2  val/loss 0.5000  2 s", "done"], printed)
