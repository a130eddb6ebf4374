"""Types and ranges of the knobs that parts have, by group. A knob that is not here has the type of its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from runner.config.types import Increasing, Matching, NotAllZero, NotEmpty, Range

Positive = Annotated[float, Range(above=0)]
NotNegative = Annotated[float, Range(low=0)]
Fraction = Annotated[float, Range(low=0, below=1)]  # as the decay of a running mean: of 1 it would never move
Share = Annotated[float, Range(low=0, high=1)]
Count = Annotated[int, Range(low=1)]
NotNegativeInt = Annotated[int, Range(low=0)]
Word = Annotated[str, Matching(r"(?s).+", "that is not empty")]
AtLeastOne = Annotated[float, Range(low=1)]
Growth = Annotated[float, Range(above=0, high=2)]  # tick by tick: 3 makes 59,000 of 1 in ten epochs
Switch = bool | None  # null: torch's own choice
Balanced = Literal["balanced"]  # as much weight for each class, from the train rows
OneNumber = Matching(r"\w+", "(a metric is one number; that of each class stands in the table at a run's end)")
Interval = Literal["epoch", "step"]


@dataclass(frozen=True)
class ByClass:
    """Types of a knob that means one thing to one class and another to the next."""

    types: Mapping[str, Any]  # by the name of the class
    otherwise: Any

    def of(self, target: str | None) -> Any:
        """The type for the class of that dotted path."""
        return self.types.get(str(target).rpartition(".")[2], self.otherwise)


DATASET: Mapping[str, Any] = {
    "arguments": dict[str, Any],
    "augment": list[Any],
    "background": Literal["white", "grey", "black"],
    "brightest": Positive | None,
    "categorical": Literal["onehot", "embedding"],
    "class_names": list[str] | None,
    "columns": dict[str, Any],
    "decimal": Literal[".", ","] | None,
    "delimiter": Annotated[str, Matching(r"[^\w\r\n\"]", "of one character, no letter and no digit")] | None,
    "encoding": Annotated[str, Matching(r"[\w-]+", "that names one, as utf-8 or cp949")] | None,
    "features": Annotated[list[str | int], NotEmpty()] | None,
    "header": Switch,
    "limit": Count | None,
    "memory_mb": NotNegativeInt,
    "missing": Literal["refuse", "impute"] | None,
    "missing_values": list[str | float],
    "name": str,
    "names": Annotated[list[str], NotEmpty()] | None,
    "num_classes": NotNegativeInt,
    "num_rows": Count,
    "numeric": Literal["standard", "quantile", "robust"],
    "path": str | None,
    "seed": NotNegativeInt,
    "shape": Annotated[list[Count], NotEmpty()],
    "skip_last": NotNegativeInt,
    "size": tuple[Count, Count] | None,
    "split": Literal["official", "random", "time"] | None,
    "split_column": str | None,
    "split_rows": tuple[Count, NotNegativeInt] | None,
    "strict": bool,
    "target": str | int,
    "target_transform": Literal["log1p"] | None,
    "task": Literal["binary", "multiclass", "regression"] | None,
    "thousands": Literal[".", ",", "'", " ", "\u202f", "\u00a0"] | None,
    "transforms": list[Any],
    "unknown": Literal["refuse", "zeros"] | None,
}
MODEL: Mapping[str, Any] = {
    "activation": str,
    "arguments": dict[str, Any],
    "bias": bool,
    "blocks": dict[str, Any],
    "channels": Annotated[list[Count], NotEmpty()],
    "dropout": Fraction,
    "embedding": Literal["periodic", "piecewise", "none"],
    "embedding_size": Count,
    "freeze": list[str],
    "hidden": list[Count],
    "kernel_size": Count,
    "layers": Annotated[list[Any], NotEmpty()],
    "name": str,
    "num_bins": Count,
    "num_frequencies": Count,
    "num_members": Count,
    "num_piecewise": NotNegativeInt,
    "num_plain": NotNegativeInt,
    "normalisation": Literal["batch", "layer", "group", "instance", "rms"] | None,
    "output_activation": Literal["ReLU", "Softmax"] | None,
    "output_relu": bool,
    "padding": Literal["same", "valid"] | NotNegativeInt,
    "path": str | None,
    "pool_size": Count,
    "residual": bool,
    "scale": Positive,
    "scales": list[Positive],
    "shares_batches": bool,
    "weights": str | None,
}
LOSS: Mapping[str, Any] = {
    "beta": NotNegative,
    "delta": Positive,
    "embedding_size": Count,
    "eps": Positive,
    "ignore_index": int,
    "label_smoothing": Fraction,
    "margin": ByClass(
        {
            "CosineEmbedding": Annotated[float, Range(low=-1, below=1)],  # of a cosine
            "HingeEmbedding": Positive,
            "TripletMargin": Positive,
        },
        NotNegative,
    ),
    "p": ByClass({"MultiMarginLoss": Literal[1, 2]}, Annotated[float, Range(low=1)]),  # a power; a norm
    "pos_weight": Balanced | list[Positive] | None,
    "reduction": Literal["mean", "sum"],
    "weight": Balanced | None | Annotated[list[NotNegative], NotAllZero()],
}
OPTIMIZER: Mapping[str, Any] = {
    "adjust_lr_fn": Literal["original", "match_rms_adamw", "spectral_unclamped"] | None,
    "alpha": ByClass({"ASGD": Share}, Fraction),  # an exponent; the decay of a running mean
    "amsgrad": bool,
    "beta2_decay": Annotated[float, Range(high=0)],
    "betas": tuple[Fraction, Fraction],
    "capturable": bool,
    "centered": bool,
    "d": Positive,
    "dampening": Fraction,
    "decay_biases_and_norms": bool,
    "decoupled_weight_decay": bool,
    "differentiable": bool,
    "eps": ByClass({"Adafactor": tuple[Positive | None, Positive]}, Positive),
    "etas": tuple[
        Annotated[float, Range(above=0, below=1)],
        Annotated[float, Range(above=1)],
    ],
    "foreach": Switch,
    "fused": Switch,
    "groups": list[dict[str, Any]],
    "history_size": Count,
    "initial_accumulator_value": NotNegative,
    "lambd": NotNegative,
    "line_search_fn": Literal["strong_wolfe"] | None,
    "lr": Positive,
    "lr_decay": NotNegative,
    "max_eval": Count | None,
    "max_iter": Count,
    "maximize": bool,
    "momentum": Share,  # of 1: no gradient is forgotten, as experiment=mistake_gradients_kept shows
    "momentum_decay": NotNegative,
    "nesterov": bool,
    "ns_coefficients": tuple[float, float, float],
    "ns_steps": Annotated[int, Range(low=1, below=100)],
    "rho": Fraction,
    "step_sizes": Annotated[tuple[Positive, Positive], Increasing()],
    "t0": Positive,
    "tolerance_change": NotNegative,
    "tolerance_grad": NotNegative,
    "weight_decay": NotNegative,
}
SCHEDULER: Mapping[str, Any] = {
    "T_0": Count,
    "T_max": Count | None,  # null: the whole run
    "T_mult": Count,
    "anneal_strategy": Literal["cos", "linear"],
    "base_lr": Positive | None,  # null: a tenth of max_lr
    "base_momentum": Fraction,
    "cooldown": NotNegativeInt,
    "cycle_momentum": bool,
    "div_factor": AtLeastOne,
    "end_factor": Share,
    "epochs": Count | None,  # null: those of the run
    "eps": NotNegative,
    "eta_min": NotNegative,
    "factor": Annotated[float, Range(above=0, below=1)],
    "gamma": Growth,
    "final_div_factor": AtLeastOne,
    "interval": Interval,
    "lr_lambda": ByClass({"MultiplicativeLR": str | Growth}, str | Positive),
    "max_lr": Positive | None,  # null: the optimizer's
    "max_momentum": Fraction,
    "milestones": Annotated[list[Count], NotEmpty(), Increasing()],
    "mode": ByClass(
        {"ReduceLROnPlateau": Literal["min", "max"] | None}, Literal["triangular", "triangular2", "exp_range"]
    ),
    "min_lr": NotNegative | list[NotNegative],
    "patience": NotNegativeInt,
    "pct_start": Annotated[float, Range(above=0, below=1)],
    "power": Positive,
    "scale_fn": str | None,
    "scale_mode": Literal["cycle", "iterations"],
    "schedulers": Annotated[list[Any], NotEmpty()],
    "start_factor": Annotated[float, Range(above=0, high=1)],
    "step_size": Count,
    "step_size_down": Count | None,  # null: as step_size_up
    "step_size_up": Count | None,  # null: half of the run
    "steps_per_epoch": Count | None,  # null: those of the run
    "three_phase": bool,
    "threshold": NotNegative,
    "threshold_mode": Literal["rel", "abs"],
    "total_iters": Count | None,  # null: the whole run
    "total_steps": Count | None,  # null: the whole run
}
METRIC: Mapping[str, Any] = {
    "adjusted": NotNegativeInt,
    "average": ByClass(
        {"AUROC": Annotated[Literal["macro", "weighted"], OneNumber]},
        Annotated[Literal["micro", "macro", "weighted"], OneNumber],
    ),
    "beta": Positive,
    "ignore_index": int | None,
    "max_fpr": Annotated[float, Range(above=0, high=1)] | None,
    "multidim_average": Literal["global"],
    "multioutput": Literal["uniform_average", "variance_weighted"],
    "positive_class": str | int | float | bool | None,
    "normalize": Literal["none", "true", "pred", "all"] | None,
    "squared": bool,
    "threshold": Share,
    "thresholds": Annotated[int, Range(low=2)] | list[Share] | None,
    "top_k": Count,
    "zero_division": Share,
}
VOCABULARY: Mapping[str, Mapping[str, Any]] = {
    "dataset": DATASET,
    "model": MODEL,
    "loss": LOSS,
    "optimizer": OPTIMIZER,
    "scheduler": SCHEDULER,
    "metric": METRIC,
}

# Facts that only the data and the other parts can give; build sets them.
RUN_TIME: Mapping[str, frozenset[str]] = {
    "dataset": frozenset({"make_dataset"}),
    "model": frozenset({"in_shape", "num_outputs", "make_net", "task", "two_valued", "make_layer"}),
    "optimizer": frozenset({"params"}),
    "scheduler": frozenset({"optimizer", "last_epoch"}),
    "metric": frozenset({"task", "num_classes", "num_labels"}),
}

# Knobs that are the program's own: an option file of a user's may leave them out.
EVERY_OPTION: Mapping[str, frozenset[str]] = {
    "dataset": frozenset({"limit", "numeric", "target_transform"}),
    "metric": frozenset({"positive_class"}),
}

# Where the class of a part may live, as far as its spelling goes; build checks the object itself.
ROLES: Mapping[str, tuple[str, ...]] = {
    "dataset": ("runner.data.",),
    "model": ("runner.models.", "torch.nn.", "torchvision.models."),
    "loss": ("torch.nn.", "runner.losses."),
    "optimizer": ("torch.optim.", "runner.optimizers."),
    "scheduler": ("torch.optim.lr_scheduler.", "runner.schedulers."),
    "metric": ("torchmetrics.", "runner.metrics."),
}


def annotation_of(group: str, key: str, default: Any, target: str | None) -> Any:
    """The type and range of a knob, by its dotted name: from the vocabulary, else from the type of its default.

    ``target`` is the class that takes it, None where it is not known yet.
    """
    name = key.rpartition(".")[2]
    if name in VOCABULARY[group]:
        known = VOCABULARY[group][name]
        return known.of(target) if isinstance(known, ByClass) else known
    if default is None or default == "???":
        return Any
    return list[Any] if isinstance(default, list) else type(default)
