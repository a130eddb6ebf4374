"""``model=auto``: which net a request has, and what is said of it."""

import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest

from options import options, part
from runner.build.loss import is_embedding
from runner.compose import composition
from runner.compose.auto_model import UNFIT
from runner.compose.composition import Composed, compose
from runner.compose.request import parse
from runner.contracts import Source
from runner.data.breast_cancer import BreastCancer
from runner.data.car import Car
from runner.data.diabetes import Diabetes
from runner.data.iris import Iris, NumberedIris
from runner.data.size import PUBLISHED
from runner.data.wine import Wine
from runner.errors import ConfigError


def composed(words: str) -> Composed:
    return compose(parse(words.split()))


SMALL, LARGE, WIDE = (
    f"tables of {rest}" for rest in ("fewer than 2,000 rows", "2,000 rows or more", "more than 1,000,000 cells")
)
UNKNOWN = "tables of unknown size"
OF_ROWS = "dataset=random dataset.shape=[4] dataset.num_rows="


@pytest.mark.parametrize(
    ("words", "net", "rows"),
    [
        ("", "cnn", "pictures"),
        ("dataset=mnist", "cnn", "pictures"),
        ("dataset=cifar10", "cnn", "pictures"),
        ("dataset=image_folder dataset.path=x", "cnn", "pictures"),
        ("dataset.transforms=[flatten]", "dnn", "flat pictures"),
        ("dataset=iris", "dnn", SMALL),
        ("dataset=car model=auto", "dnn", SMALL),
        ("debug=one_batch dataset=wine", "dnn", SMALL),
        ("dataset=adult", "tabular", LARGE),
        ("dataset=adult dataset.limit=1999", "dnn", SMALL),
        ("dataset=adult dataset.limit=2000", "tabular", LARGE),
        ("debug=one_batch dataset=adult", "tabular", LARGE),
        ("dataset=adult dataset.categorical=embedding", "dnn", "tables with dataset.categorical=embedding"),
        ("dataset=adult loss=triplet_margin", "dnn", "tables with loss=triplet_margin"),
        ("dataset=adult optimizer=muon", "dnn", "tables with optimizer=muon"),
        ("dataset=california", "tabular", LARGE),
        ("dataset=covtype data_dir=nowhere", "tabular", LARGE),
        ("dataset=covtype data_dir=nowhere dataset.split=random", "dnn", WIDE),
        ("dataset=covtype dataset.path=nowhere", "dnn", UNKNOWN),
        ("dataset=csv dataset.path=x.csv dataset.target=y", "dnn", UNKNOWN),
        ("dataset=csv dataset.path=http://127.0.0.1:9/x.csv dataset.target=y", "dnn", UNKNOWN),
        (f"{OF_ROWS}1999", "dnn", SMALL),
        (f"{OF_ROWS}250_000", "tabular", LARGE),
        (f"{OF_ROWS}250_001", "dnn", WIDE),
        ("model=cnn", "cnn", ""),
        ("dataset=adult model=dnn", "dnn", ""),
        ("experiment=digits_mlp", "mlp", ""),
    ],
)
def test_pictures_get_a_cnn_large_tables_tabular_and_others_a_dnn(words: str, net: str, rows: str) -> None:
    model = composed(words).config.model
    assert (model.option, model.chosen_for) == (net, rows)


def workbook(rows: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", rows)
    return packed.getvalue()


def zipped(text: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", text)
    return packed.getvalue()


def of_rows(number: int, header: str = "a,b,y", row: str = "1,2,{}") -> bytes:
    return "\n".join([header, *(row.format(i % 2) for i in range(number))]).encode()


IN_QUOTES = 'x,"one\ntwo",{}'  # two lines a row


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (of_rows(1999), SMALL),
        (of_rows(2000), LARGE),
        (of_rows(1999) + b"\n\n\n", SMALL),
        (of_rows(2000, "a;b;y", "1,5;2;{}"), LARGE),
        (of_rows(2000, "", "1 2  {}").lstrip(), LARGE),
        (of_rows(1999, "a,b,y", IN_QUOTES), SMALL),
        (of_rows(2000, "a,b,y", IN_QUOTES), LARGE),
        (of_rows(2000).decode().replace("b", "\ub098").encode("cp949"), LARGE),
        (gzip.compress(of_rows(2000)), LARGE),
        (lzma.compress(of_rows(1999)), SMALL),
        (zipped(of_rows(2000)), LARGE),
        (of_rows(2001, ",".join(f"x{i}" for i in range(501)), "1," * 500 + "{}"), WIDE),
        (of_rows(2000, ",".join(f"x{i}" for i in range(501)), "1," * 500 + "{}"), LARGE),
        (gzip.compress(gzip.compress(of_rows(2000))), UNKNOWN),
        (gzip.compress(of_rows(2000))[:-200], UNKNOWN),
        (workbook("of_rows"), UNKNOWN),
        (b"PAR1", UNKNOWN),
        (b"", UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_the_rows_of_a_file_are_counted(
    content: bytes | None, rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "x.csv").write_bytes(content)
    model = composed("dataset=csv dataset.path=x.csv dataset.target=-1").config.model
    assert model.chosen_for == rows
    assert model.option == ("tabular" if rows == LARGE else "dnn")


def test_the_rows_of_covtype_are_those_of_the_file_that_is_there(tmp_path: Path) -> None:
    rows = "\n".join([",".join(["2596", *"3" * 9, *"0" * 44, "1"])] * 2100)
    (tmp_path / "covtype.data.gz").write_bytes(gzip.compress(rows.encode()))
    for split in ("official", "random"):
        words = f"dataset=covtype data_dir={tmp_path} dataset.split={split}"
        assert composed(words).config.model.chosen_for == LARGE


def test_what_auto_does_not_give_to_tabular_is_what_tabular_refuses() -> None:
    losses = [name for name in options("loss") if name != "auto" and is_embedding(part("loss", name))]
    assert tuple(losses) == UNFIT["loss"]


@pytest.mark.parametrize(
    "source",
    [Iris(), NumberedIris(id_column=True, target="species"), Wine(), BreastCancer(), Diabetes(), Car(path=None)],
)
def test_the_sizes_of_the_bundled_tables_are_those_of_their_rows(source: Source) -> None:
    kind = type(source)
    assert PUBLISHED[f"{kind.__module__}.{kind.__name__}"] == tuple(source.load(Path()).x.shape)


def test_auto_comes_to_what_is_typed() -> None:
    chosen, typed = (composed(f"dataset=adult {word}").config for word in ("", "model=tabular"))
    assert chosen == typed
    assert (chosen.optimizer.option, chosen.batch_size) == ("adamw", 128)
    assert chosen.dataset.knobs["numeric"] == "quantile"


def test_a_typed_knob_is_checked_against_the_net_that_auto_takes() -> None:
    assert composed("model.channels=[8]").config.model.knobs["channels"] == [8]
    assert composed("dataset=iris model.hidden=[8]").config.model.knobs["hidden"] == [8]
    assert fault("dataset=iris model.channels=[8]") == (
        "model.channels=[8]: model=dnn has no channels; channels belongs to cnn: choose model=cnn\n"
        "  model=auto takes dnn for tables of fewer than 2,000 rows"
    )
    assert fault("dataset=adult model.num_bins=3").endswith(
        "choose model=tabm\n  model=auto takes tabular for tables of 2,000 rows or more"
    )


def fault(words: str) -> str:
    with pytest.raises(ConfigError) as raised:
        composed(words)
    (fault,) = raised.value.faults
    return fault


def test_the_words_of_the_command_stay_as_they_were_typed() -> None:
    assert composed("dataset=iris epochs=2").tree.hydra.overrides.task == ["dataset=iris", "epochs=2"]


def test_a_request_is_composed_once_where_its_words_tell_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    composed("")  # what Hydra has by itself is composed once for all
    times = []
    original = composition.survivors_of
    monkeypatch.setattr(composition, "survivors_of", lambda *args: times.append(1) or original(*args))
    for words in ("dataset=iris optimizer.lr=0.1", "dataset=adult"):
        times.clear()
        composed(words)
        assert times == [1]


def test_a_train_yaml_of_the_user_may_name_a_net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    packaged = composition.packaged_conf() / "train.yaml"
    text = packaged.read_text().replace("- model: auto", "- model: linear")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "train.yaml").write_text(text)
    assert composed("").config.model.option == "linear"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dataset=random dataset.shape=[a]", "dataset.shape[0]=a: must be"),
        ("dataset=random dataset.shape=[null]", "dataset.shape[0]=null: must be"),
        ("dataset=csv dataset.path=my.csv dataset.target=y dataset.delimiter=xx", "dataset.delimiter=xx: must be text"),
    ],
)
def test_the_size_is_unknown_where_what_says_it_is_wrong(
    words: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.csv").write_bytes(of_rows(10))
    with pytest.raises(ConfigError) as error:
        composed(words)
    assert any(fault.startswith(told) for fault in error.value.faults)
