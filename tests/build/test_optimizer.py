"""Which optimizer trains which weight, with which knobs."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from options import options, part
from runner.build.optimizer import build_optimizers, describe, sample_optimizers
from runner.config.catalog import Part
from runner.errors import ConfigError

CPU = torch.device("cpu")
PLAIN = [option for option in options("optimizer") if option not in ("muon", "sparse_adam")]


class Tables(nn.Module):
    """Two embedding tables and a linear layer: [B, 2] codes -> [B, 2]."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Embedding(5, 3), nn.Embedding(4, 3)
        self.head = nn.Linear(6, 2)

    def forward(self, codes_B2: Tensor) -> Tensor:
        return self.head(torch.cat([self.first(codes_B2[:, 0]), self.second(codes_B2[:, 1])], 1))


@pytest.fixture
def net() -> nn.Module:
    return nn.Linear(3, 2)


@pytest.fixture
def deep() -> nn.Sequential:
    """Convolution, norm, two hidden layers, head."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 1),
        nn.BatchNorm2d(4),
        nn.Flatten(),
        nn.Linear(4, 6),
        nn.ReLU(),
        nn.Linear(6, 5),
        nn.Linear(5, 2),
    )


def names_of(model: nn.Module, group: dict[str, Any]) -> list[str]:
    names = {id(weight): name for name, weight in model.named_parameters()}
    return [names[id(weight)] for weight in group["params"]]


@pytest.mark.parametrize("option", PLAIN)
def test_every_optimizer_lowers_a_loss(option: str, net: nn.Module) -> None:
    (optimizer,) = build_optimizers(part("optimizer", option), net, CPU)
    x, y = torch.ones(4, 3), torch.zeros(4, 2)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss.detach()

    losses = [float(optimizer.step(closure)) for _ in range(5)]
    assert losses[-1] < losses[0]


def test_the_fused_step_is_taken_where_torch_has_one(net: nn.Module) -> None:
    fused = {o for o in PLAIN if build_optimizers(part("optimizer", o), net, CPU)[0].defaults.get("fused")}
    assert fused == {"sgd", "adam", "adamw", "adagrad"}


@pytest.mark.parametrize("changed", [{"fused": False}, {"foreach": True}])
def test_a_choice_of_ones_own_rules_the_fused_step_out(changed: dict[str, Any], net: nn.Module) -> None:
    assert not build_optimizers(part("optimizer", "adam", **changed), net, CPU)[0].defaults["fused"]


def test_the_knobs_arrive_lists_as_tuples(net: nn.Module) -> None:
    (optimizer,) = build_optimizers(part("optimizer", "adamax", lr=0.5, betas=[0.5, 0.75]), net, CPU)
    assert (optimizer.defaults["lr"], optimizer.defaults["betas"]) == (0.5, (0.5, 0.75))


def test_frozen_weights_are_left_out(net: nn.Module) -> None:
    net.bias.requires_grad_(False)  # type: ignore[union-attr]
    (optimizer,) = build_optimizers(part("optimizer", "sgd"), net, CPU)
    assert optimizer.param_groups[0]["params"] == [net.weight]


def test_a_model_without_weights_is_refused() -> None:
    with pytest.raises(ConfigError, match="optimizer=sgd has nothing to do: the model has no weights to learn"):
        build_optimizers(part("optimizer", "sgd"), nn.ReLU(), CPU)


@pytest.mark.parametrize(
    ("option", "changed", "words"),
    [
        ("sgd", {"nesterov": True}, "optimizer=sgd: .*momentum"),
        ("sgd", {"lr": -1.0}, r"optimizer=sgd: .*-1\.0"),
        ("sgd", {"lr": float("nan")}, "optimizer.lr=nan: sgd wants a finite number"),
        ("sgd", {"lr": "abc"}, "optimizer.lr=abc: sgd wants a finite number"),
        ("sgd", {"lr": True}, "optimizer.lr=true: sgd wants a finite number"),
        ("sgd", {"differentiable": True}, "optimizer=sgd: .+"),
        ("adam", {"betas": [0.9]}, r"optimizer.betas=\[0.9\]: adam wants a list of 2: \[a finite number, a finite n"),
        ("adam", {"betas": [0.9, 2.0]}, r"optimizer=adam: .*\b2\.0"),
        ("adam", {"fused": True, "foreach": True}, "optimizer=adam: .*fused.*foreach"),
        ("rmsprop", {"capturable": True}, "optimizer=rmsprop: .*capturable"),
        ("lbfgs", {"line_search_fn": "armijo"}, "optimizer=lbfgs: .*strong_wolfe"),
        ("adam", {"momentum": 0.9}, "optimizer.momentum: Adam of torch .* has no such argument; it takes params, lr"),
        ("adam", {"params": []}, "optimizer.params is set by the program; leave it out"),
    ],
)
def test_what_torch_refuses_at_the_first_step_or_before_is_an_error_of_the_config(
    option: str, changed: dict[str, Any], words: str, net: nn.Module
) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        build_optimizers(part("optimizer", option, **changed), net, CPU)


def test_a_knob_that_this_torch_lacks_is_dropped_while_it_is_off_and_refused_when_set(net: nn.Module) -> None:
    build_optimizers(part("optimizer", "lbfgs", from_a_later_torch=False), net, CPU)
    with pytest.raises(ConfigError, match=r"optimizer\.from_a_later_torch: LBFGS of torch \d.* has no such"):
        build_optimizers(part("optimizer", "lbfgs", from_a_later_torch=True), net, CPU)


def test_building_an_optimizer_draws_no_random_number_and_moves_no_weight(net: nn.Module) -> None:
    weight, generator = net.weight.detach().clone(), torch.get_rng_state()  # type: ignore[union-attr, operator]
    for option in PLAIN:
        build_optimizers(part("optimizer", option), net, CPU)
    assert torch.equal(net.weight, weight)  # type: ignore[arg-type]
    assert torch.equal(torch.get_rng_state(), generator)


# Muon and SparseAdam


def test_muon_takes_hidden_matrices_and_leaves_the_rest_to_adamw(deep: nn.Sequential) -> None:
    muon, adamw = build_optimizers(part("optimizer", "muon"), deep, CPU)
    assert [type(muon), type(adamw)] == [torch.optim.Muon, torch.optim.AdamW]
    assert names_of(deep, muon.param_groups[0]) == ["3.weight", "5.weight"]
    assert names_of(deep, adamw.param_groups[0]) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "3.bias", "5.bias", "6.weight", "6.bias",
    ]  # fmt: skip
    assert adamw.defaults["fused"]


def test_an_embedding_is_no_hidden_matrix() -> None:
    model = nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    muon, _ = build_optimizers(part("optimizer", "muon"), model, CPU)
    assert names_of(model, muon.param_groups[0]) == ["1.weight"]


def test_the_companions_knobs_are_its_own(deep: nn.Sequential) -> None:
    given = part("optimizer", "muon", lr=0.5)
    given.knobs["adamw"].update({"lr": 0.25, "betas": [0.5, 0.75]})
    muon, adamw = build_optimizers(given, deep, CPU)
    assert (muon.defaults["lr"], adamw.defaults["lr"], adamw.defaults["betas"]) == (0.5, 0.25, (0.5, 0.75))


def test_sparse_adam_takes_the_tables_and_makes_their_gradients_sparse() -> None:
    model = Tables()
    sparse, adam = build_optimizers(part("optimizer", "sparse_adam"), model, CPU)
    assert names_of(model, sparse.param_groups[0]) == ["first.weight", "second.weight"]
    assert names_of(model, adam.param_groups[0]) == ["head.weight", "head.bias"]
    model(torch.tensor([[0, 1]])).sum().backward()
    assert model.first.weight.grad.is_sparse and not model.head.weight.grad.is_sparse  # type: ignore[union-attr]
    before = model.first.weight.detach().clone()
    sparse.step()
    moved = (model.first.weight != before).any(1)
    assert moved.tolist() == [True, False, False, False, False], "only the row that the batch named"


def test_a_table_that_shares_its_weight_with_a_layer_stays_dense() -> None:
    model = Tables()
    model.back = nn.Linear(3, 5, bias=False)
    model.back.weight = model.first.weight
    sparse, _ = build_optimizers(part("optimizer", "sparse_adam"), model, CPU)
    assert names_of(model, sparse.param_groups[0]) == ["second.weight"]
    assert not model.first.sparse


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("muon", "optimizer=muon: the model has no hidden weight of two dimensions; choose model=mlp, or optimizer=ad"),
        (
            "sparse_adam",
            "optimizer=sparse_adam: the model has no embedding table, so no gradient is sparse; choose opt",
        ),
    ],
)
def test_an_optimizer_without_weights_of_its_kind_is_refused(option: str, words: str, net: nn.Module) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        build_optimizers(part("optimizer", option), net, CPU)


def test_a_companion_without_knobs_is_refused(deep: nn.Sequential) -> None:
    with pytest.raises(ConfigError, match=r"^optimizer\.adamw is missing: the knobs of what Muon does not train"):
        build_optimizers(Part("optimizer", "muon", "torch.optim.Muon", {"lr": 0.1}), deep, CPU)


def test_a_wrong_knob_of_a_companion_is_named_in_full(deep: nn.Sequential) -> None:
    given = part("optimizer", "muon")
    given.knobs["adamw"]["betas"] = [0.9]
    with pytest.raises(ConfigError, match=r"^optimizer\.adamw\.betas=\[0.9\]: adamw wants a list of 2"):
        build_optimizers(given, deep, CPU)


def test_sparse_gradients_are_refused_before_training_by_an_optimizer_that_cannot_take_them() -> None:
    model = nn.Sequential(nn.Embedding(3, 4, sparse=True), nn.Linear(4, 2))
    with pytest.raises(ConfigError, match=r"^optimizer=adam: .*[Ss]parse"):
        build_optimizers(part("optimizer", "adam"), model, CPU)
    (optimizer,) = build_optimizers(part("optimizer", "sgd"), model, CPU)
    assert not optimizer.defaults["fused"]


# Groups


def grouped(model: nn.Module, option: str = "sgd", **knobs: Any) -> list[tuple[list[str], dict[str, Any]]]:
    """The weights of each group of all optimizers, and the group's knobs."""
    optimizers = build_optimizers(part("optimizer", option, **knobs), model, CPU)
    return [(names_of(model, group), group) for optimizer in optimizers for group in optimizer.param_groups]


def test_weights_that_fit_a_pattern_have_its_knobs_and_the_first_match_counts(deep: nn.Sequential) -> None:
    groups = [{"pattern": "6.*", "lr": 0.5}, {"pattern": "*.bias", "weight_decay": 0.25}]
    (rest, own), (head, of_head), (biases, of_biases) = grouped(deep, lr=0.125, groups=groups)
    assert head == ["6.weight", "6.bias"] and of_head["lr"] == 0.5 and of_head["weight_decay"] == 0
    assert biases == ["0.bias", "1.bias", "3.bias", "5.bias"]
    assert (of_biases["lr"], of_biases["weight_decay"]) == (0.125, 0.25)
    assert rest == ["0.weight", "1.weight", "3.weight", "5.weight"] and own["lr"] == 0.125


def test_a_list_of_a_group_becomes_a_tuple_where_torch_wants_one(deep: nn.Sequential) -> None:
    _, (_, head) = grouped(deep, "adam", groups=[{"pattern": "6.*", "betas": [0.5, 0.75]}])
    assert head["betas"] == (0.5, 0.75)


def test_without_groups_the_optimizer_is_what_it_is_in_torch(deep: nn.Sequential) -> None:
    (optimizer,) = build_optimizers(part("optimizer", "adam"), deep, CPU)
    theirs = torch.optim.Adam(deep.parameters(), fused=True)
    assert optimizer.state_dict() == theirs.state_dict()


def test_biases_and_norms_may_be_spared_from_weight_decay(deep: nn.Sequential) -> None:
    (decayed, first), (spared, second) = grouped(deep, "adamw", weight_decay=0.5, decay_biases_and_norms=False)
    assert decayed == ["0.weight", "3.weight", "5.weight", "6.weight"] and first["weight_decay"] == 0.5
    assert spared == ["0.bias", "1.weight", "1.bias", "3.bias", "5.bias", "6.bias"] and second["weight_decay"] == 0


def test_a_group_that_says_its_decay_has_it_whatever_holds_for_biases(deep: nn.Sequential) -> None:
    groups = [{"pattern": "6.*", "weight_decay": 0.25}]
    found = grouped(deep, "adamw", groups=groups, decay_biases_and_norms=False)
    assert [group["weight_decay"] for names, group in found if names == ["6.weight", "6.bias"]] == [0.25]


def test_a_group_reaches_the_weights_of_both_optimizers(deep: nn.Sequential) -> None:
    found = grouped(deep, "muon", groups=[{"pattern": "5.*", "lr": 0.5}])
    assert [names for names, group in found if group["lr"] == 0.5] == [["5.weight"], ["5.bias"]]


@pytest.mark.parametrize(
    ("option", "groups", "words"),
    [
        (
            "sgd",
            [{"pattern": "7.*", "lr": 1.0}],
            r"groups\[0\].pattern=7.\*: fits no weight; write one of these: 0.weight, 0.bias,",
        ),
        ("sgd", [{"pattern": "6", "lr": 1.0}], r"groups\[0\].pattern=6: fits no weight; write 6.\*: 0.weight, 0.bias,"),
        (
            "sgd",
            [{"pattern": "*", "lr": 1.0}, {"pattern": "6.*", "lr": 2.0}],
            r"groups\[1\].pattern=6.\*: 6.weight and all others it fits belong to an earlier group",
        ),
        (
            "muon",
            [{"pattern": "5.*", "momentum": 0.5}],
            r"groups\[0\].momentum: AdamW, which trains 5.bias, has no mom",
        ),
    ],
)
def test_a_group_that_cannot_be_is_refused(
    option: str, groups: list[dict[str, Any]], words: str, deep: nn.Sequential
) -> None:
    with pytest.raises(ConfigError, match=f"^optimizer.{words}"):
        build_optimizers(part("optimizer", option, groups=groups), deep, CPU)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"momentum": 0.9, "nesterov": True, "dampening": 0.5}, ".*momentum"),
        ({"lr": -1.0}, r".*-1\.0"),
    ],
)
def test_what_torch_refuses_of_an_optimizer_is_refused_of_a_group(
    group: dict[str, Any], words: str, net: nn.Module
) -> None:
    with pytest.raises(ConfigError, match=f"^optimizer=sgd: {words}"):
        build_optimizers(part("optimizer", "sgd", groups=[{"pattern": "*", **group}]), net, CPU)


# In words


def test_what_trains_which_weights_is_said_where_they_differ(deep: nn.Sequential) -> None:
    given = part("optimizer", "muon", groups=[{"pattern": "5.*", "lr": 0.5}])
    assert describe(given, build_optimizers(given, deep, CPU), deep) == (
        "Muon lr 0.001 weight_decay 0.1: 3.weight",
        "Muon lr 0.5 weight_decay 0.1: 5.weight",
        "AdamW lr 0.001 weight_decay 0.01: 0.weight, 0.bias, 1.weight and 4 more",
        "AdamW lr 0.5 weight_decay 0.01: 5.bias",
    )


def test_nothing_is_said_where_all_weights_are_trained_alike(deep: nn.Sequential) -> None:
    given = part("optimizer", "adam")
    assert describe(given, build_optimizers(given, deep, CPU), deep) == ()


@pytest.mark.parametrize("option", options("optimizer"))
def test_a_sample_has_the_optimizers_and_groups_without_a_model(option: str) -> None:
    groups = [] if option == "lbfgs" else [{"pattern": "head.*", "lr": 0.5}]
    rates = [
        [group["lr"] for group in optimizer.param_groups]
        for optimizer in sample_optimizers(part("optimizer", option, groups=groups))
    ]
    own = part("optimizer", option).knobs["lr"]
    assert rates[0] == ([own] if option == "lbfgs" else [own, 0.5])
    assert len(rates) == (2 if option in ("muon", "sparse_adam") else 1)
