import subprocess
import sys

import pytest

from runner.config.catalog import Part
from runner.config.steps import Spec, read_augment, read_transforms, with_numeric
from runner.errors import ConfigError


def test_a_short_name_stands_for_knobs_that_are_null():
    specs = read_transforms([{"scale": {"divisor": 255}}, "normalise", {"normalise": {"mean": 0.5, "std": [1, 2]}}])
    assert specs == (
        Spec("scale", {"divisor": 255}),
        Spec("normalise", {"mean": None, "std": None}),
        Spec("normalise", {"mean": 0.5, "std": [1, 2]}),
    )
    assert read_transforms([{"flatten": None}]) == (Spec("flatten", {}),)
    assert read_transforms([]) == ()


@pytest.mark.parametrize(
    ("transforms", "fault"),
    [
        (
            ["normalize"],
            r"dataset\.transforms\[0\]: there is no transform 'normalize'; did you mean normalise\? "
            "choices: scale, normalise, impute, one_hot, flatten",
        ),
        (["xyz"], "there is no transform 'xyz'; choices: scale"),
        (
            [{"scale": {"diviser": 2, "divisor": 2}}],
            r"\[0\]\.scale: there is no knob 'diviser'; did you mean divisor\?",
        ),
        ([{"flatten": {"dim": 1}}], r"flatten: there is no knob 'dim'; choices: none"),
        (["flatten", "scale"], r"\[1\]\.scale\.divisor is missing: give a number above 0"),
        ([{"scale": {"divisor": 0}}], r"scale\.divisor=0: give a number above 0"),
        ([{"scale": {"divisor": True}}], r"scale\.divisor=True: give"),
        ([{"scale": {"divisor": "abc"}}], r"scale\.divisor='abc': give"),
        ([{"scale": {"divisor": float("inf")}}], r"scale\.divisor=inf: give"),
        ([{"normalise": {"mean": "x"}}], r"normalise\.mean='x': give a number, a list, or null"),
        ([{"normalise": {"mean": []}}], r"normalise\.mean=\[\]: give"),
        ([{"normalise": {"std": [1, 0]}}], r"normalise\.std=\[1, 0\]: give numbers above 0"),
        ([{"grey": 255}], r"dataset\.transforms\[0\]=\{'grey': 255\}: give a name, or \{name: \{knob: value\}\}"),
        ([{"xyz": 255}], r"dataset\.transforms\[0\]=\{'xyz': 255\}: give a name, or"),
        ([{"scale": {}, "flatten": {}}], r"give a name, or"),
        ([3], r"dataset\.transforms\[0\]=3: give a name"),
        ([{"resize": {"size": 0}}], r"resize\.size=0: give \[height, width\] or the shorter side alone, 1 to 8192"),
        ([{"Resize": 100_000}], r"Resize\.size=100000: give .*, 1 to 8192 pixels"),
        ([{"Pad": 9_000}], r"Pad\.padding=9000: give 0 to 8192 pixels"),
        ([{"Resize": 16.5}], r"Resize\.size=16\.5: give \[height, width\] or the shorter side"),
        ([{"Normalize": {"mean": 0.5}}], r"Normalize\.std is missing: give a number above 0, or one for each channel"),
        (
            [{"Pad": [1, 2, 3]}],
            r"Pad\.padding=\[1, 2, 3\]: give 0 to 8192 pixels: one number, \[x, y\], or",
        ),
        ([{"Pad": {"padding": 1, "padding_mod": "edge"}}], r"no knob 'padding_mod'; did you mean padding_mode\?"),
        (
            [{"GaussianBlur": {"kernel_size": 3, "sigma": [0.1, 2]}}],
            r"sigma=\[0\.1, 2\]: give one number above 0: a range",
        ),
        ([{"ToDtype": "uint8"}], r"ToDtype\.dtype='uint8': give float32, what a net takes"),
        (["ToTenser"], r"there is no transform 'ToTenser'; did you mean ToTensor\?"),
        (["FiveCrop"], r"there is no transform 'FiveCrop'"),
        (["RandomHorizontalFlip"], r"RandomHorizontalFlip is random, .* put it into dataset\.augment"),
        (["ColorJitter"], r"ColorJitter cannot be repeated from seed, epoch and row; dataset\.augment takes flip"),
        ([{"resize": {"size": [8, 0]}}], r"resize\.size=\[8, 0\]: give"),
        ([{"pad": {"pixels": 1.5}}], r"pad\.pixels=1\.5: give a whole number, 1 to 8192"),
        ([{"pad": {"pixels": True}}], r"pad\.pixels=True: give"),
        ("normalise", r"dataset\.transforms='normalise': give a list, \[\] for none"),
        (None, r"dataset\.transforms=None: give a list"),
    ],
)
def test_a_wrong_transform_is_named_with_what_would_be_right(transforms, fault):
    with pytest.raises(ConfigError, match=fault):
        read_transforms(transforms)


def test_a_value_alone_is_that_of_the_first_knob():
    assert read_transforms([{"resize": 16}, {"resize": {"size": 16}}]) == (Spec("resize", {"size": 16}),) * 2
    (crop,) = read_augment([{"RandomCrop": {"size": 32, "padding": 4}}])
    assert crop == Spec("RandomCrop", {"size": 32, "padding": 4, "padding_mode": None})


@pytest.mark.parametrize(
    ("augment", "fault"),
    [
        (["Resize"], r"augment\[0\]: Resize is the same for every picture; put it into dataset\.transforms"),
        (
            ["RandomResizedCrop"],
            r"RandomResizedCrop cannot be repeated from seed, epoch and row; dataset\.augment takes",
        ),
        (["RandomErasing"], r"RandomErasing cannot be repeated from seed"),
        ([{"RandomRotation": [-15, 15]}], r"RandomRotation\.degrees=\[-15, 15\]: give a number above 0, up to 180"),
        ([{"RandomCrop": 32}], r"RandomCrop\.padding is missing: give a whole number"),
    ],
)
def test_what_cannot_be_drawn_is_told_with_what_can(augment, fault):
    with pytest.raises(ConfigError, match=fault):
        read_augment(augment)


def test_numeric_stands_in_the_place_of_a_plain_normalise():
    given = {"normalise": {"mean": 0.5}}
    part = Part("dataset", "iris", "", {"transforms": ["impute", "normalise", given], "numeric": "quantile"})
    assert with_numeric(part, is_said=True) == ["impute", "quantile", given]
    assert with_numeric(Part("dataset", "digits", "", {"transforms": ["normalise"]}), is_said=False) == ["normalise"]


def test_numeric_without_a_place_is_refused_where_somebody_said_it():
    part = Part("dataset", "car", "", {"transforms": ["one_hot"], "numeric": "robust"})
    assert with_numeric(part, is_said=False) == ["one_hot"]
    with pytest.raises(ConfigError, match=r"numeric=robust: takes the place of normalise .* has \[one_hot\]"):
        with_numeric(part, is_said=True)


def test_all_faults_come_at_once():
    with pytest.raises(ConfigError) as caught:
        read_transforms(["normalize", {"scale": {"diviser": 2}}, 3])
    assert len(caught.value.faults) == 4


def test_the_list_is_checked_without_torch():
    code = "import sys; from runner.config import steps; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
