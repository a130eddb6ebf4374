from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bringing import with_wide
from runner.cli import show
from runner.cli.show import asks_for_a_net, asks_for_data, overview, page, tables
from runner.config.catalog import Catalog, conf_folders, packaged_conf
from runner.errors import ConfigError, DataError
from runner.screen.console import draw
from runner.screen.table import Listing

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


def test_the_overview_has_every_option_by_its_group(catalog: Catalog) -> None:
    assert overview(catalog).rows == (("dataset", "csv"), ("optimizer", "adam, sgd"), ("metric", "f1"))


def test_a_broken_file_is_shown_as_broken_and_hides_nothing(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "optimizer/bad.yaml").write_text("a: [\n")
    _, row, _ = tables(catalog, "optimizer").rows
    assert row[0] == "optimizer=bad" and row[2].startswith("(broken) ")


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
    ("typed", "shown"),
    [
        ("optimizer.lr=0.1", "optimizer=adam"),
        ("optimizer=sgd optimizer.lr=0.1", "optimizer=sgd"),
        ("checkpoint.every_epochs=2", "settings"),
        ("optimizer.zzz=1", "optimizer.zzz=1"),
    ],
)
def test_a_value_leads_to_the_page_that_has_it(typed: str, shown: str) -> None:
    words = typed.split()
    assert page(Catalog([packaged_conf()]), words[-1], words) == shown


def test_a_value_leads_to_the_page_of_what_comes_along_with_the_model(tmp_path: Path) -> None:
    catalog, words = Catalog([with_wide(tmp_path / "mine"), packaged_conf()]), ["model=wide", "optimizer.lr=0.1"]
    assert page(catalog, words[1], words) == "optimizer=adamw"


def test_a_net_lists_what_comes_along_behind_its_parameters(tmp_path: Path) -> None:
    rows = tables(Catalog([with_wide(tmp_path / "mine"), packaged_conf()]), "model=wide").rows
    assert rows[0] == ("model.hidden", "[8]", "width of each hidden layer")
    assert rows[6:9] == (
        ("optimizer", "adamw", "comes along with model=wide"),
        ("scheduler", "warmup_cosine", "comes along with model=wide"),
        ("optimizer.lr", "0.004", "size of a step"),
    )


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("optmizer", "did you mean: python -m runner show optimizer"),
        ("adam", "did you mean: python -m runner show optimizer=adam"),
        ("lr_scheduler", "did you mean: python -m runner show scheduler"),
        ("optimizer=Adam", "did you mean optimizer=adam?"),
        ("optimizer=zzz", "choices: adam, sgd"),
        ("lr", "did you mean: python -m runner show optimizer=adam"),
        ("my.yaml", "is a file of settings; to see them: python -m runner train my.yaml --cfg job"),
        ("zzz", "groups: dataset, model"),
    ],
)
def test_a_wrong_word_finds_the_right_one(catalog: Catalog, word: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        tables(catalog, word)
    assert told in str(error.value)


def test_a_wrong_flag_is_told() -> None:
    with pytest.raises(ConfigError, match="show: --nothing: no such flag"):
        show.run(["--nothing"])


def test_plain_lines_are_aligned_and_carry_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    draw(Listing("T", ("a", "b"), (("x", "one"), ("longer", "two")), ("note",)))
    assert capsys.readouterr().out == "T\n  x       one\n  longer  two\nnote\n"


def test_a_terminal_gets_the_same_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    draw(Listing("T", ("a", "b"), (("[x]", "one"),), ("note [y]",)))
    told = capsys.readouterr().out
    assert all(word in told for word in ("T", "[x]", "one", "note [y]"))


@pytest.mark.parametrize(
    ("word", "last"),
    [
        ("search", "train -m search=tpe 'optimizer.lr=tag(log,interval(1e-4,1e-1))'"),
        ("search=qmc", "train -m search=qmc 'optimizer.lr=tag(log,interval(1e-4,1e-1))'"),
        ("search=grid", "train -m search=grid optimizer.lr=0.1,0.01"),
        ("cluster", "train -m cluster=slurm optimizer.lr=0.1,0.01"),
        ("cluster=ray", "train -m cluster=ray optimizer.lr=0.1,0.01"),
    ],
)
def test_a_search_or_a_cluster_is_followed_by_a_sweep(word: str, last: str) -> None:
    catalog = Catalog([packaged_conf()])
    assert show.following(catalog, word)[-1] == last
    assert ("search=grid", "default") in [row[:2] for row in show.tables(catalog, "search").rows]
    assert ("cluster=local", "default") in [row[:2] for row in show.tables(catalog, "cluster").rows]


def test_every_option_that_comes_with_the_program_is_described() -> None:
    from runner.config.catalog import GROUPS

    catalog = Catalog([packaged_conf()])
    options = [catalog.option(group, name) for group in GROUPS for name in catalog.options(group)]
    assert len(options) > 5
    for option in options:
        assert option.description, option.path
        if option.group != "experiment":
            assert all(knob.meaning for knob in option.knobs.values()), option.path
    assert all(knob.meaning for knob in catalog.settings.values())


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("model=cnn dataset=mnist", True),
        ("dataset=random dataset.shape=[3,32,32] model=cnn_notes", True),
        ("model.hidden=[8]", True),
        ("model=mlp batch_size=8", True),
        ("model=cnn", False),
        ("model=cnn optimizer=adam", False),
        ("dataset=mnist", False),
        ("dataset=mnist optimizer.lr=1", False),
        ("optimzer=sgd", False),
    ],
)
def test_a_net_is_shown_where_a_model_stands_beside_data_or_values(line: str, asks: bool) -> None:
    assert asks_for_a_net(line.split()) is asks


# the nets of the study notes, each by a plain command, with the number of parameters counted there
NOTES = {
    "model=dnn model.hidden=[20] model.activation=Sigmoid dataset=mnist": 15_910,
    "model=dnn dataset=mnist": 109_386,
    "model=mlp dataset=fashion_mnist": 669_706,
    "experiment=cnn_notes model=cnn_notes dataset=random": 60_404,
    "model=linear dataset=mnist": 7_850,  # one linear layer
    "model=linear dataset=breast_cancer": 31,  # one output; the loss sets the sigmoid behind it
    "model=mlp model.hidden=[20] dataset=random dataset.shape=[1] dataset.num_classes=0": 61,  # 1-20-1
}


@pytest.mark.parametrize(("line", "count"), NOTES.items())
def test_a_net_of_the_notes_is_shown_with_its_parameters(
    line: str, count: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNNER_DATA", str(tmp_path))  # empty: what the sources know is enough
    assert show.run(line.split()) == 0
    assert f"parameters  {count:,} trained, 0 frozen\n" in capsys.readouterr().out


def test_a_net_is_shown_by_its_layers_its_modules_and_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    words = "model=dnn model.hidden=[3,3] model.residual=true model.dropout=0.5 batch_size=10 dataset=random"
    show.run([*words.split(), "dataset.shape=[4]", "dataset.num_classes=2"])
    layers, modules, parameters, after = capsys.readouterr().out.split("\n\n")
    typed = shlex.join([*words.split(), "dataset.shape=[4]", "dataset.num_classes=2"])
    assert after == f"next\n  python -m runner train {typed}\n"
    assert layers.splitlines() == [
        "dnn on random: 4 -> 1",
        "  layer  what it is    output  parameters  FLOPs",
        "  0      Flatten       4                -      -",
        "  1      Linear(4, 3)  3               15     24",
        "  2      ReLU          3                -      -",
        "  3      Dropout(0.5)  3                -      -",
        "  4.0    Linear(3, 3)  3               12     18",
        "  4.1    ReLU          3                -      -",
        "  4.2    Dropout(0.5)  3                -      -",
        "  5      Linear(3, 1)  1                4      6",
        "  all                                  31     48",
        "parameters  31 trained, 0 frozen",
        "FLOPs       48 forward a row; a training step takes about three times as many",
        "memory      0.1 kB parameters, 0.1 kB gradients, 0.8 kB outputs of the layers for a batch of 10",
    ]
    assert "  4       Residual\n    0     Linear(3, 3)\n    1     ReLU\n" in modules
    assert modules.endswith("6 children, 10 modules")
    assert "  4.0.weight  3 x 3   " in parameters and parameters.count("...") == 2


def test_frozen_parameters_are_counted_and_marked(capsys: pytest.CaptureFixture[str]) -> None:
    net = ["model=module", "model.name=torch.nn.LazyLinear", "model.arguments.out_features=3", "model.freeze=[bias]"]
    show.run([*net, "dataset=random", "dataset.shape=[3]", "dataset.num_classes=3"])
    told = capsys.readouterr().out
    assert "parameters  9 trained, 3 frozen" in told
    assert "bias       3      frozen" in told


def test_data_that_are_not_there_are_told_with_a_way_that_needs_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such folder(.|\n)*without any data by dataset=random 'dataset\.shape="):
        show.run(["model=cnn", "dataset=image_folder", f"dataset.path={tmp_path / 'no'}"])


def test_a_wrong_request_for_a_net_is_told_as_train_tells_it() -> None:
    with pytest.raises(ConfigError, match=r"model\.lr=3: model=cnn has no lr"):
        show.run(["model=cnn", "dataset=digits", "model.lr=3"])


@pytest.fixture
def recipes(tmp_path: Path) -> Catalog:
    """experiment=second takes over what experiment=first chooses, but for the optimizer."""
    folder = tmp_path / "experiment"
    folder.mkdir()
    (tmp_path / "train.yaml").write_text(TRAIN)
    first = "# @package _global_\n# One line of it (A et al. 2015), and more. Then this.\n# python -m runner train\n"
    figures = ", ".join(["0.125"] * 30)
    (folder / "first.yaml").write_text(
        f"{first}defaults:\n  - override /model: dnn\n  - override /optimizer: sgd\n\nwide: [{figures}] # many\n"
    )
    (folder / "second.yaml").write_text(
        "# @package _global_\n# Another.\ndefaults: [first, {override /optimizer: adam}, _self_]\nepochs: 3\n"
    )
    return Catalog([tmp_path])


def test_a_recipe_shows_the_parts_it_chooses_and_those_of_the_one_it_goes_on_from(recipes: Catalog) -> None:
    rows = tables(recipes, "experiment=second").rows
    assert [row[:2] for row in rows if row[0] != "wide"] == [("model", "dnn"), ("optimizer", "adam"), ("epochs", "3")]


def test_a_list_has_the_first_sentence_of_a_recipe_and_its_own_page_all_lines(recipes: Catalog) -> None:
    assert tables(recipes, "experiment").rows[0][2] == "One line of it (A et al. 2015), and more."
    notes = tables(recipes, "experiment=first").notes
    assert notes[:2] == ("One line of it (A et al. 2015), and more. Then this.", "python -m runner train")


def test_a_long_default_is_cut_so_that_its_meaning_stays_in_sight(recipes: Catalog) -> None:
    (wide,) = (row for row in tables(recipes, "experiment=first").rows if row[0] == "wide")
    assert len(wide[1]) == 24 and wide[1].endswith(" ...") and wide[2] == "many"


def test_a_default_that_is_cut_stands_whole_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run(["model=sequential"]) == 0
    assert (
        "\nmodel.layers=[Flatten, {Linear:{out_features:64}}, ReLU,\n  {Linear:{out_features:out}}]\n"
        in capsys.readouterr().out
    )


def test_what_is_here_need_not_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(conf_folders())
    monkeypatch.setattr(show, "is_here", lambda name, data_dir: False)
    assert show.following(catalog, "dataset=mnist") == ["fetch mnist", "train dataset=mnist"]
    monkeypatch.setattr(show, "is_here", lambda name, data_dir: True)
    assert show.following(catalog, "dataset=mnist") == ["train dataset=mnist"]


def test_a_folder_of_data_is_where_the_shown_columns_are_looked_for(tmp_path: Path) -> None:
    assert asks_for_data(["dataset=covtype", f"data_dir={tmp_path}"])
    assert not asks_for_data([f"data_dir={tmp_path}"])
