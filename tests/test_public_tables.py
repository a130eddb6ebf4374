"""Every column of the tables that scripts/public_tables.py makes is read as it was meant."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from options import CONF
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.experiment.assemble import read_data, read_split

sys.path.append(str(CONF.parent / "scripts"))
import public_tables


@pytest.mark.parametrize("make", public_tables.KINDS, ids=lambda make: make.__name__)
def test_a_table_after_a_public_kind_is_read_as_it_was_meant(tmp_path: Path, make: public_tables.Maker) -> None:
    made = make(np.random.default_rng(0))
    path = tmp_path / made.file
    path.write_bytes(made.body)
    words = ["dataset=csv", f"dataset.path={path}", "model=dnn", *made.words]
    data, _ = read_split(compose(parse(words)).config, read_data)
    assert public_tables.misread(made, data) == []
