"""A sweep as a page of HTML."""

import re
from html.parser import HTMLParser

import pytest

from candidates import sweep_view
from past_runs import make_run
from runner.cli.report import PAGE_HEAD, PAGE_MARK
from runner.figures.sweep_page import rounded, shown, sweep_page, template
from runner.runs import setting_importance
from runner.runs.ranking import contests, read_run

JOBS = [(f"lr={n / 100} model={'ab'[n % 2]}", (float(n), n + 0.5), "finished") for n in range(1, 13)]


class Page(HTMLParser):
    """The elements by name, each with its attributes, and the text between them."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("runs")
    losses = ((0.1, 0.5), (0.2, float("nan")), (0.3, 0.25))
    runs = [read_run(make_run(folder / f"lr={lr}", loss, optimizer__lr=lr)) for lr, loss in losses]
    found, missing = sweep_page(sweep_view(*JOBS), contests(runs), ["train 'a<b'"], ["failed: 실험 <script>x</script>"])
    assert missing == set() or missing <= set("실험")
    return Page(found)


def test_it_loads_nothing_and_says_so_to_the_browser(page: Page) -> None:
    policy = next(meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none';")
    assert [tag for tag in ("link", "img", "iframe", "object", "audio", "video", "base") if page.all(tag)] == []
    named = [
        value for _, attrs in page.elements for name, value in attrs.items() if re.search("src$|href$|^action", name)
    ]
    assert named and all(str(value).startswith(("#", "data:image/png;base64,")) for value in named)
    assert not any("http" in text or "@import" in text or "url(" in text for text in page.texts)


def test_text_of_others_is_text(page: Page) -> None:
    assert "failed: 실험 <script>x</script>" in "".join(page.texts) and len(page.all("script")) == 1
    assert "train 'a<b'" in page.texts
    assert shown("a\u202eb\nc") == "a\\u202eb\nc", "nothing turns the line around"


def test_the_table_has_its_rows_best_first_and_numbers_to_sort_by(page: Page) -> None:
    cells = [cell["data-value"] for cell in page.all("td") if cell.get("class") == "number"]
    assert cells[0::2] == ["0.25", "0.5", ""], "val/loss; of NaN nothing, which is sorted last"
    assert "iris: 3 runs; smallest val/loss first" in page.texts
    assert [attrs for attrs in page.all("tr") if attrs.get("class") == "best"] == [{"class": "best"}]


def test_the_pictures_are_in_the_colours_of_the_page_with_names_of_their_own(page: Page) -> None:
    assert len(page.all("svg")) == 4 and all(set(svg) == {"width", "viewbox", "version"} for svg in page.all("svg"))
    named = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(named) == len({*named}) > 0
    looks = " ".join(str(attrs.get("style")) for _, attrs in page.elements)
    assert "var(--paper)" in looks and "var(--ink)" in looks and "#ffffff" not in looks


def test_places_are_rounded_and_numbers_that_are_read_are_not() -> None:
    assert re.sub(r"<[^>]*>", rounded, '<use x="1.23456" y="9.1"/>0.001') == '<use x="1.23" y="9.1"/>0.001'


def test_a_page_is_known_by_its_first_bytes() -> None:
    assert PAGE_MARK in template().encode()[:PAGE_HEAD]


def test_of_two_hundred_jobs_it_is_less_than_a_megabyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_importance, "RESAMPLES", 1)
    names = [f"s{number}" for number in range(6)]
    jobs = [
        (" ".join(f"{name}={(job * 7919 + place * 104729) % 997}" for place, name in enumerate(names)),
         (job / 100, job / 90), "finished") for job in range(1, 201)
    ]  # fmt: skip
    found, _ = sweep_page(sweep_view(*jobs), [], [], [])
    assert len(found.encode()) < 500_000, "the curves take as much again at most"
