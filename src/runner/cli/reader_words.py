"""The line that was meant, where the words after a verb that reads runs are none of its own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from runner.cli import code, evaluate, predict, report, resume, view_run
from runner.cli.arguments import Parser
from runner.compose.values import device
from runner.config.catalog import GROUPS, PARTS
from runner.config.spelling import another_name, nearest
from runner.errors import ConfigError, RunnerError
from runner.runs.matching import setting_named
from runner.runs.named import best_job, find, newest_named, output_dir_said
from runner.runs.saved_run import ANYWHERE, SavedRun, settings_of
from runner.runs.saved_sweep import SavedSweep
from runner.text import AS_MODULE, here

READERS: Mapping[str, Callable[[], Parser]] = {
    "resume": resume.parser,
    "eval": evaluate.parser,
    "predict": predict.parser,
    "view": view_run.run_parser,
    "code": code.parser,
    "report": report.parser,
}
COUNTED = {"resume": "epochs=", "report": "--top ", "predict": "--test-index ", "view": "--test-index "}
# what is written here -> words elsewhere
OTHER_WORDS = {
    "view": {
        "curves": "acc accuracy curve error f1 learning_curve loss losses lr metrics train training val",
        "confusion": "cm confusion_matrix heatmap matrix",
        "mistakes": "errors examples failures misclassified predictions samples wrong",
        "reliability": "calibration",
        "residuals": "scatter",
        "weights": "filter filters kernel kernels weight",
        "convolution": "conv conv1 convolutions",
        "features": "activation activations feature_maps layers",
        "saliency": "grad gradcam gradient gradients",
        "columns": "feature_importance importance importances permutation shap",
    },
    "eval": {"checkpoint=best": "best best.pt", "checkpoint=last": "last.pt latest"},
    "predict": {"checkpoint=best": "best best.pt", "checkpoint=last": "last.pt latest", "--test-index 0": "all test"},
    "report": {"--top 1": "best top winner"},
}
OTHER_FLAGS = {
    "--test-index": "i id idx index n row sample test",
    "--by": "metric monitor order order_by sort sort_by",
    "--top": "best first head k limit max n num",
    "--csv": "out output save",
    "--out": "o output save",
}
SWITCHES = ("cpu", "cuda", "gpu", "no_cuda")
INPUTS = ("-", "--test-index", "--parity")
READY = re.compile(r"python -m runner (?!.*(\[|RUN|\.\.\.))")  # a whole line to paste, no usage
GUESS = re.compile(r"; did you mean [^\n]*\?|; write [^\n]*")
EXAMPLES = {"--test-index": "0", "--top": "1", "--by": "val/loss"}  # where no value is given
METRIC = re.compile(r"(?:(train|val|test)[a-z]*[_/])?(loss|acc|accuracy|f1|auroc|auc|mae|mse|rmse|r2)")


def answer(verb: str, argv: Sequence[str], error: ConfigError) -> ConfigError:
    """The error of a verb that reads runs, with the line that was meant where that can be told."""
    if is_composed(verb, argv) or any("did you mean:\n" in fault for fault in error.faults):
        return error
    with suppress(RunnerError):  # of a run that cannot be read: the first error is the one to be told
        words = meant(verb, argv)
        is_answered = any(map(READY.search, error.faults)) and not (verb == "view" and words[2:])
        if words != [verb, *argv] and not is_answered:
            *others, last = (GUESS.sub("", fault.partition(f"\n  {AS_MODULE}")[0]) for fault in error.faults)
            return ConfigError([*others, f"{last}; did you mean:\n  {AS_MODULE} {shlex.join(words)}"])
    return error


def refused(fault: str, line: Sequence[str], outputs: Path) -> ConfigError:
    """With the line of a verb that reads a run. Raises RunnerError where that is not there."""
    for run in filter(is_run, line):
        find(run, outputs)
    return ConfigError(f"{fault}; did you mean:\n  {AS_MODULE} {shlex.join(line)}")


def is_composed(verb: str, argv: Sequence[str]) -> bool:
    """Whether the words are of a run that is to be: ``code model=mlp``, ``view dataset=wine``."""
    keys = {word.partition("=")[0].partition(".")[0] for word in argv if "=" in word}
    return not any(map(is_run, argv)) and bool((keys and verb == "code") or (verb == "view" and keys & {*GROUPS}))


def is_run(word: str) -> bool:
    return word == "last" or Path(word).is_dir()


def is_input(word: str) -> bool:
    return "=" not in word and not word.startswith("-") and not is_run(word)


def meant(verb: str, argv: Sequence[str]) -> list[str]:
    """The whole line behind ``python -m runner``. Raises RunnerError where the run cannot be read."""
    made, rest = READERS[verb](), list(argv)
    keys = [*(word.removesuffix("=") for word in made.words if word.endswith("=")), *ANYWHERE]
    outputs = output_dir_said(argv)
    words: list[str] = []
    while rest:
        taken, found = flag(verb, made, keys, rest) if rest[0].startswith("--") else plain(verb, keys, rest, outputs)
        if "--top" in words and found[:1] == ["--top"]:  # best 5
            words[words.index("--top") + 1] = found[1]
        else:
            words += found
        del rest[:taken]
    runs = [word for word in words if is_run(word)]
    if verb != "report" and not runs:
        words.insert(0, "last")
    elif verb in ("resume", "eval", "code"):
        words = [runs[0], *(word for word in words if word not in runs)]
    changes = [word for word in words if "=" in word and not is_run(word)]
    others = [word for word in changes if word.partition("=")[0] not in keys]
    if verb in ("resume", "code") and others:
        return new_run(verb, next(filter(is_run, words)), outputs, changes, keys)
    if verb == "predict" and not (others or any(word in INPUTS or is_input(word) for word in words)):
        words += ["--test-index", "0"]
    return [verb, *words]


def flag(verb: str, made: Parser, keys: Sequence[str], rest: Sequence[str]) -> tuple[int, Sequence[str]]:
    """How many words belong to the flag in front, and what is written for them."""
    name, equals, value = rest[0].partition("=")
    is_apart = not equals and len(rest) > 1 and not rest[1].startswith("-") and not is_run(rest[1])
    value = rest[1] if is_apart else value
    near = name if name in made.takes_value else other_flag(name, made)
    if near and not made.takes_value[near]:
        return 1, [near]
    if near and not value and near not in EXAMPLES:
        raise ConfigError(f"{near}: needs a value")
    if near:
        is_wrong = not value or (near == "--test-index" and not value.isdecimal())
        given = EXAMPLES[near] if is_wrong else value
        return 1 + is_apart, [near, (metric(given) or given) if near == "--by" else given]
    bare = name.lstrip("-").replace("-", "_")
    if not value or Path(value).exists():
        found = [value] if verb == "predict" and value else elsewhere(verb, bare)
        return 1 + is_apart, found or plain(verb, keys, [f"{bare}=true"])[1] if bare in SWITCHES else found
    return 1 + is_apart, plain(verb, keys, [f"{bare}={value}"])[1] if verb != "report" or bare in GROUPS else []


def other_flag(name: str, made: Parser) -> str | None:
    """The flag of the verb that is written so elsewhere, or nearly so."""
    bare = name.lstrip("-").replace("-", "_")
    same = (here for here, others in OTHER_FLAGS.items() if bare in others.split() and here in made.takes_value)
    return next(same, None) or nearest(name, made.flags)


def plain(verb: str, keys: Sequence[str], rest: Sequence[str], outputs: Path = Path()) -> tuple[int, Sequence[str]]:
    """How many words belong to the one in front, which is no flag, and what is written for them; nothing for a
    stranger."""
    word, follows = rest[0], [*rest[1:2]]
    key, equals, value = word.partition("=")
    name = key if key in keys else another_name(key, keys)
    if is_run(word):
        return 1, [word]
    if name == "output_dir" != key:  # --out: where a file goes
        return 1, []
    if equals:
        value = device(key, value) if name == "device" else value
        return 1, [f"{name}={value}"] if name else [word] if verb not in ("eval", "view") else []
    if name and follows and not is_run(follows[0]):
        return 2, [f"{name}={follows[0]}"]
    return 1, named(verb, word, outputs)


def named(verb: str, word: str, outputs: Path) -> Sequence[str]:
    """What is written for a word that stands alone."""
    if other := elsewhere(verb, word):
        return other
    if word.isdecimal() and verb in COUNTED:
        return f"{COUNTED[verb]}{word}".split(" ")
    if run := newest_named(word, outputs):
        return [here(run)]
    if verb == "report":
        return ["--by", by] if (by := metric(word)) else [option] if (option := report.as_option(word)) else []
    near = nearest(word, view_run.WORDS) if verb == "view" else None
    return [near] if near else [word] if verb == "predict" else []


def elsewhere(verb: str, word: str) -> list[str]:
    """What is written for a word that other programs have; [] for a stranger."""
    return next((ours.split() for ours, others in OTHER_WORDS.get(verb, {}).items() if word in others.split()), [])


def metric(word: str) -> str | None:
    """val/accuracy, as --by takes it, for accuracy or val_acc."""
    found = METRIC.fullmatch(word)
    return f"{found[1] or 'val'}/{another_name(found[2], ['accuracy', 'auroc']) or found[2]}" if found else None


def new_run(verb: str, word: str, outputs: Path, changes: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The line that makes another run of the settings of one; to resume it, with its weights.

    What the run has already is left out; where ``keys``, which the verb itself can change, are all that is left, the
    run stays as it is. Raises RunnerError.
    """
    run = run_named(word, outputs)
    settings = settings_of(run.plain_config)
    names = {*settings, *PARTS}
    pairs = [(setting_named(key, names), value) for key, _, value in (change.partition("=") for change in changes)]
    wanted = [f"{name}={value}" for name, value in pairs if name and settings.get(name) != value]
    path = here(run.path)
    if all(change.partition("=")[0] in keys for change in wanted):
        return [verb, word, *wanted]
    keeps = verb == "resume" and not any(change.startswith(("model", "dataset")) for change in wanted)
    begun = [f"start_from={path}"] if keeps else []
    return ["train" if verb == "resume" else verb, f"{path}/config.yaml", *begun, *wanted]


def run_named(word: str, outputs: Path) -> SavedRun:
    """Of a sweep its best job. Raises RunnerError."""
    found = find(word, outputs)
    return best_job(found) if isinstance(found, SavedSweep) else found
