"""``dataset.categorical=embedding`` as typed: trained, saved, resumed and asked."""

import json
from pathlib import Path

import torch

import program
from program import contents, only_run

CAR = ["dataset=car", "dataset.categorical=embedding", "model=dnn", "epochs=2", "threads=1", "device=cpu"]
CAR += ["tensorboard=scalars", "baselines.trees=[]"]
NAMES = ["0_buying", "1_maint", "2_doors", "3_persons", "4_lug_boot", "5_safety"]


def train(folder: Path, *words: str, **how: object) -> program.Done:
    return program.run(["train", *CAR, f"output_dir={folder}", *words], folder / "said", **how)


def test_the_vectors_are_shown_learned_saved_and_used(tmp_path: Path) -> None:
    done = train(tmp_path, "baselines.trees=[hist]")
    assert (done.code, done.err) == (0, "")
    run = only_run(tmp_path)
    model = torch.load(run / "checkpoints/best.pt")["model"]
    assert [model[f"embeddings.{name}.weight"].shape for name in NAMES] == [
        (5, 3),
        (5, 3),
        (5, 3),
        (4, 3),
        (4, 3),
        (4, 3),
    ]
    assert model["net.1.weight"].shape == (128, 18)
    assert [name for name in torch.load(run / "checkpoints/best.pt")["preprocess"]] == []
    said = program.run(["predict", str(run), "--test-index", "0"], tmp_path / "said")
    assert said.code == 0 and "predicted" in said.out
    scored = program.run(["eval", str(run)], tmp_path / "said")
    assert f"{json.loads((run / 'summary.json').read_text())['best']['test/accuracy']:.4f}" in scored.out


def test_sparse_gradients_are_shown_in_tensorboard(tmp_path: Path) -> None:
    done = train(tmp_path, "optimizer=sparse_adam", "epochs=1", "tensorboard=full")
    assert (done.code, done.err) == (0, "")


def test_every_table_model_learns_on_vectors(tmp_path: Path) -> None:
    for model in ("linear", "mlp"):
        assert train(tmp_path / model, f"model={model}", "epochs=1").code == 0


def test_a_run_with_vectors_resumes_to_the_bit(tmp_path: Path) -> None:
    assert train(tmp_path / "whole").code == 0
    at = ("runner.engine.step:Stepper.step", 30)
    assert train(tmp_path / "cut", "checkpoint.every_steps=7", before="kill_before", at=at).code == -9
    run = only_run(tmp_path / "cut")
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0
    cut, whole = contents(run)["last"]["model"], contents(only_run(tmp_path / "whole"))["last"]["model"]
    assert cut == whole


def test_data_without_categories_has_nothing_to_embed(tmp_path: Path) -> None:
    table = tmp_path / "numbers.csv"
    table.write_text("a,b\n" + "".join(f"{n / 4},{n / 7}\n" for n in range(200)))
    words = ["dataset=csv", f"dataset.path={table}", "dataset.target=b", "dataset.categorical=embedding", "model=mlp"]
    done = program.run(["train", *words, f"output_dir={tmp_path / 'out'}"], tmp_path / "said")
    assert done.code == 2
    assert "dataset.categorical=embedding: this data set has no categories; set dataset.categorical=onehot" in done.err
    assert not (tmp_path / "out").exists()


def test_a_word_that_is_no_way_to_code_categories_is_refused(tmp_path: Path) -> None:
    done = program.run(["train", "dataset=car", "dataset.categorical=embeding"], tmp_path / "said")
    assert (done.code, done.err) == (
        2,
        "error: dataset.categorical=embeding: must be one of onehot, embedding; did you mean:\n"
        "  python -m runner train dataset=car dataset.categorical=embedding\n",
    )
