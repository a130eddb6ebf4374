"""What ``train`` says of what was asked for, as typed."""

from pathlib import Path

import pytest

import program

HINT = "digits is bundled; dataset=mnist downloads 12 MB"
SHORT = ["model=linear", "max_steps=1", "threads=1", "device=cpu", "tensorboard=off"]


def said(folder: Path, *words: str) -> list[str]:
    done = program.run(["train", *SHORT, f"output_dir={folder}", *words], folder / "said")
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def test_what_differs_from_the_options_files_stands_in_the_line_of_the_training(tmp_path: Path) -> None:
    words = ["loss=cross_entropy", "loss.label_smoothing=0.1", "optimizer=adamw", "optimizer.weight_decay=0.5"]
    lines = said(tmp_path, "dataset=iris", *words, "shuffle=false")
    told = "cross_entropy label_smoothing 0.1 by adamw lr 0.001 weight_decay 0.5, no schedule, not shuffled"
    assert f"training  {told}" in lines


def test_so_does_what_differs_from_an_option_in_a_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "more" / "optimizer").mkdir(parents=True)
    (tmp_path / "more" / "optimizer" / "slow.yaml").write_text("_target_: torch.optim.SGD\nlr: 0.25\nmomentum: 0.5\n")
    own = ["--config-dir", str(tmp_path / "more"), "optimizer=slow", "optimizer.momentum=0.9"]
    assert any("by slow lr 0.25 momentum 0.9," in line for line in said(tmp_path, "dataset=iris", *own))


@pytest.mark.parametrize(
    ("words", "is_told"),
    [
        ([], True),
        (["optimizer=sgd"], True),
        (["folds=2", "fold=all"], True),
        (["dataset=digits"], False),
        (["dataset=iris"], False),
    ],
)
def test_the_next_data_set_is_named_to_those_who_chose_none(tmp_path: Path, words: list[str], is_told: bool) -> None:
    assert said(tmp_path, *words).count(HINT) == is_told


def test_workers_that_have_nothing_to_load_are_said_to_have_no_effect(tmp_path: Path) -> None:
    lines = said(tmp_path, "dataset=iris", "num_workers=4")
    assert lines.count("num_workers=4 has no effect: iris is held in memory") == 1


def test_a_kernel_whose_outer_weights_meet_zeros_alone_is_told_with_the_widest_that_does_not(tmp_path: Path) -> None:
    lines = said(tmp_path, "dataset=digits", "model=cnn", "model.kernel_size=9", "max_steps=1")
    assert sum(line.startswith("model.kernel_size=9: its outer weights meet zeros alone") for line in lines) == 1
    assert any(line.endswith("meet pixels up to model.kernel_size=7") for line in lines)


def test_case_1_a_last_batch_of_one_row_is_refused_only_where_a_norm_would_see_one_value(tmp_path: Path) -> None:
    data = ["dataset=random", "dataset.shape=[1,8,8]", "dataset.num_rows=90", "test_fraction=0", "batch_size=16"]
    words = ["train", *data, "epochs=1", "device=cpu", "threads=1", "tensorboard=off", f"output_dir={tmp_path / 'out'}"]
    done = program.run([*words, "model=cnn", "model.channels=[4]"], tmp_path / "said")
    assert done.code == 0, done.err  # 81 train rows; a picture has a value for each of its pixels
    done = program.run([*words, "model=dnn", "model.normalisation=batch"], tmp_path / "said")
    assert done.code == 2 and "the last of 6 batches would hold one row" in done.err
