from __future__ import annotations

from pathlib import Path

import pytest

from runner.commands import show
from runner.commands.show import Table, overview, tables
from runner.config.catalog import Catalog
from runner.errors import ConfigError

TRAIN = "defaults: [_self_, {optimizer: adam}]\nepochs: 10 # passes\ncheckpoint:\n  every_epochs: 1 # between saves\n"
ADAM = "# Adaptive moments.\n_target_: torch.optim.Adam\nlr: 0.001 # learning rate\nfused: null # one kernel\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for name, text in {
        "train": TRAIN,
        "optimizer/adam": ADAM,
        "optimizer/sgd": "# Descent.\n_target_: torch.optim.SGD\n",
        "dataset/csv": "# A table.\n_target_: runner.data.csv.Csv\npath: ??? # the file\n",
        "metric/f1": "# @package metric.f1\n# Harmonic mean.\n_target_: torchmetrics.F1Score\naverage: macro # how\n",
    }.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Catalog([tmp_path])


def test_the_overview_has_every_option_with_its_sentence(catalog: Catalog) -> None:
    assert overview(catalog).rows == (
        ("dataset", "csv", "A table."),
        ("optimizer", "adam", "Adaptive moments."),
        ("", "sgd", "Descent."),
        ("metric", "f1", "Harmonic mean."),
    )


def test_a_broken_file_is_shown_as_broken_and_hides_nothing(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "optimizer/bad.yaml").write_text("a: [\n")
    row = overview(catalog).rows[2]
    assert row[1] == "bad" and row[2].startswith("(broken) ")


def test_a_group_lists_what_to_type_and_the_default(catalog: Catalog) -> None:
    assert tables(catalog, "optimizer").rows == (
        ("optimizer=adam", "default", "Adaptive moments."),
        ("optimizer=sgd", "", "Descent."),
    )


@pytest.mark.parametrize("word", ["optimizer=adam", "optimizer/adam"])
def test_an_option_lists_its_parameters_as_they_are_typed(catalog: Catalog, word: str) -> None:
    table = tables(catalog, word)
    assert table.rows == (
        ("optimizer.lr", "0.001", "learning rate"),
        ("optimizer.fused", "null", "one kernel"),
    )
    assert table.notes[:2] == ("Adaptive moments.", "class torch.optim.Adam")


def test_a_required_parameter_and_a_metrics_full_name(catalog: Catalog) -> None:
    assert tables(catalog, "dataset=csv").rows == (("dataset.path", "(required)", "the file"),)
    assert tables(catalog, "metric=f1").rows == (("metric.f1.average", "macro", "how"),)


@pytest.mark.parametrize("word", ["settings", "train"])
def test_the_settings_are_listed_flat(catalog: Catalog, word: str) -> None:
    assert tables(catalog, word).rows == (
        ("epochs", "10", "passes"),
        ("checkpoint.every_epochs", "1", "between saves"),
    )


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("optmizer", "did you mean: python -m runner show optimizer"),
        ("adam", "did you mean: python -m runner show optimizer=adam"),
        ("lr_scheduler", "did you mean: python -m runner show scheduler"),
        ("optimizer=Adam", "did you mean optimizer=adam?"),
        ("optimizer=zzz", "choices: adam, sgd"),
        ("zzz", "groups: dataset, model"),
    ],
)
def test_a_wrong_word_finds_the_right_one(catalog: Catalog, word: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        tables(catalog, word)
    assert told in str(error.value)


def test_a_wrong_flag_is_told() -> None:
    with pytest.raises(ConfigError, match="show: unrecognized arguments: --nothing"):
        show.run(["--nothing"])


def test_plain_lines_are_aligned_and_carry_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    show.draw(Table("T", ("a", "b"), (("x", "one"), ("longer", "two")), ("note",)))
    assert capsys.readouterr().out == "T\n  x       one\n  longer  two\nnote\n"


def test_a_terminal_gets_the_same_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show.draw(Table("T", ("a", "b"), (("[x]", "one"),), ("note [y]",)))
    told = capsys.readouterr().out
    assert all(word in told for word in ("T", "[x]", "one", "note [y]"))


def test_every_option_that_comes_with_the_program_is_described() -> None:
    from runner.config.catalog import GROUPS, packaged_conf

    catalog = Catalog([packaged_conf()])
    options = [catalog.option(group, name) for group in GROUPS for name in catalog.options(group)]
    assert len(options) > 5
    for option in options:
        assert option.description, option.path
        if option.group != "experiment":
            assert all(knob.meaning for knob in option.knobs.values()), option.path
    assert all(knob.meaning for knob in catalog.settings.values())
