from runner.commands.rebuilt_run import without_published_weights
from runner.compose.composition import compose
from runner.compose.request import parse


def test_a_stored_run_needs_no_file_of_published_weights_for_its_checkpoint_holds_all() -> None:
    config = compose(parse(["model=torchvision", "model.weights=DEFAULT"])).config
    rebuilt = without_published_weights(config)
    assert config.model.knobs["weights"] == "DEFAULT"
    assert rebuilt.model.knobs == {"name": "resnet18", "weights": None, "freeze": []}
    assert rebuilt.dataset is config.dataset


def test_weights_of_another_model_are_its_own_affair() -> None:
    config = compose(parse(["model=mlp"])).config
    assert without_published_weights(config) is config
