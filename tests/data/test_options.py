"""Every dataset option, from its file to a batch as the model gets it."""

from importlib import import_module
from pathlib import Path

import pytest
import torch
import yaml

from runner.contracts import Batching
from runner.data.batches import batches_of_splits
from runner.data.checks import check_data
from runner.data.splits import SplitSettings, split
from runner.data.transforms import build_preprocess, out_shape
from runner.experiment.assemble import OF_EVERY_DATASET

OPTIONS = sorted((Path(__file__).parents[2] / "conf" / "dataset").glob("*.yaml"))
BUNDLED_SHAPES = {
    "digits": (1, 8, 8),
    "iris": (4,),
    "wine": (13,),
    "breast_cancer": (30,),
    "diabetes": (10,),
    "car": (21,),
    "random": (1, 8, 8),
}


def test_every_bundled_data_set_has_its_option():
    assert set(BUNDLED_SHAPES) <= {path.stem for path in OPTIONS}


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_the_file_says_in_one_line_what_the_data_are(path):
    first, *keys = path.read_text().splitlines()
    assert first.startswith("# ")
    assert all(" # " in line for line in keys if not line.startswith("_target_"))


@pytest.mark.parametrize(("name", "shape"), BUNDLED_SHAPES.items())
def test_the_option_makes_batches_the_model_can_read(tmp_path, name, shape):
    (path,) = (path for path in OPTIONS if path.stem == name)
    knobs = yaml.safe_load(path.read_text())
    module, _, kind = knobs.pop("_target_").rpartition(".")
    transforms, *_ = [knobs.pop(key, None) for key in ("transforms", *OF_EVERY_DATASET)]
    data = getattr(import_module(module), kind)(**knobs).load(tmp_path)
    check_data(data)
    parts = split(data, SplitSettings(0, 0.1, 0.2, None, None))
    preprocess = build_preprocess(transforms, data, parts.train)
    assert out_shape(preprocess, data) == shape
    _, made = batches_of_splits(data, parts, Batching(torch.device("cpu"), 16, 64, 0))
    x = torch.cat([preprocess(chunk.x) for batches in made.values() for chunk in batches.chunks(0)])
    assert (x.dtype, x.shape) == (torch.float32, (len(data.y), *shape))
    assert x.abs().max() < 30  # on a scale that a net trains on
