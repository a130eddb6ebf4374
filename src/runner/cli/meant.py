"""The line that was meant, to be pasted, where a verb or the words after it are those of another program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from runner.cli.arguments import Parser, first_value
from runner.cli.main import READERS, VERBS
from runner.compose.composition import compose
from runner.compose.hydra_bridge import hydra_parser
from runner.compose.line import is_of_a_sweep
from runner.compose.mending import SWEEP, Mend, mended
from runner.compose.request import parse
from runner.compose.table_words import COLUMN
from runner.config.catalog import PARTS, Catalog, conf_folders
from runner.config.spelling import listed, nearest
from runner.config.validate import MISSING
from runner.errors import ConfigError, RunnerError
from runner.runs.directory import usual_output_dir
from runner.runs.named import find, output_dir_said
from runner.runs.saved_run import ANYWHERE
from runner.sweep.check import check_first
from runner.text import AS_MODULE, here

# here -> elsewhere
OTHER_VERBS = {
    "train": "fit launch learn run start trainer",
    "train -m": "grid gridsearch grid_search hpo hyperopt multirun optimize random_search search sweep tune",
    "resume": "auto_resume continue restart resume_from resume_from_checkpoint",
    "eval": "eval_only evaluate score test test_only validate validation",
    "predict": "classify infer inference",
    "view": "chart charts curve curves draw figure figures graph plot plots visualise visualize viz",
    "report": "compare describe diff history info inspect leaderboard list log logs ls ps rank ranking results runs "
    "status summary",
    "report --top 1": "best top winner",
    "find lr": "lr_find lr_finder lr_range_test",
    "code": "export script to_python",
    "fetch": "download get pull",
    "show": "choices config help_me options settings",
    "tensorboard": "board tb",
}
BY_OTHER = {other: line for line, others in OTHER_VERBS.items() for other in others.split()}
COMPOSING = ("train", "explain")  # whose words are those of a run that is to be
OF_SETTINGS = ("train", "explain", "find")  # which take those of a run from its config.yaml
NAMED = re.compile(r"-*([A-Za-z][\w-]*)(?:[= ](.+))?")
ASKS = ("describe", "info", "inspect", "summary")  # of a run, or of what can be chosen
TARGET = "dataset.target="
EXAMPLE = "optimizer.lr=0.1,0.01"  # for a sweep of nothing


def refuse(argv: Sequence[str]) -> NoReturn:
    """Raises ConfigError: the first word is no verb."""
    word, *rest = argv
    if "=" in word or word in (*SWEEP, "--cfg", "--info") or (word.startswith("--") and "version" not in word):
        raise _wrong(f"{word}: the verb comes first", "train", argv)
    is_verb_elsewhere = word in (*BY_OTHER, *OTHER_VERBS) or word.startswith("-")
    if not is_verb_elsewhere and any("=" in meant for meant in _mends(argv, None)[0].words):  # epochs 5, mnist
        raise _wrong(f"{word}: the verb comes first", "train", argv)
    verb, words = _verb(word, rest)
    if verb:
        raise _wrong(f"{word}: there is no such command", verb, words)
    raise ConfigError(f"{word}: there is no such command\n  commands: {listed(VERBS)}")


def check(
    verb: str,
    words: Sequence[str],
    made: Parser | None = None,
    unsuited: Callable[[Sequence[str]], Mapping[str, str]] | None = None,
) -> None:
    """Raises ConfigError, with the line that was meant, where words are not as they are written here."""
    mends = _mends(words, {**made.takes_value, **dict.fromkeys(SWEEP, False)} if made else None)
    if made:
        mends = [_of_one_run(mend, verb) for mend in mends]
    if verb.split()[0] in OF_SETTINGS:
        mends = _of_runs(verb, mends, output_dir_said(words))
    line = [word for mend in mends for word in mend.words]
    left_out = unsuited(line) if unsuited else {}
    if not {*line} & left_out.keys() and not any(mend.reasons for mend in mends if not made or _helps(mends, made)):
        return
    kept = [replace(mend, words=tuple(word for word in mend.words if word not in left_out)) for mend in mends]
    pairs = [(mend, rest.words) for mend, rest in zip(mends, kept, strict=True)]
    said = [mend for mend, words in pairs if words == mend.words or words not in ((), (mend.typed,))]
    faults = [*_faults(said), *filter(None, left_out.values())]
    unasked = tuple(f"{word.partition('=')[0]}={MISSING}: " for word in left_out)
    left = [fault for fault in _left(kept, made) if not fault.startswith(unasked)]
    raise ConfigError(_with_line(faults, f"{AS_MODULE} {verb}", kept, left))


def _of_one_run(mend: Mend, verb: str) -> Mend:
    """Without what is for a sweep alone: the first of several values."""
    words = tuple(first_value(word) for word in mend.words if word not in SWEEP and not is_of_a_sweep(word))
    return mend if words == mend.words else replace(mend, words=words, reasons=(f"{verb.split()[0]} is for one run",))


def _of_runs(verb: str, mends: Sequence[Mend], outputs: Path) -> list[Mend]:
    """With its config.yaml in the place of a run, and without the name of a verb that reads one.

    Raises ConfigError, with the line of that verb, where the whole line is about a run: train last, train --eval.
    """
    runs = {mend.typed: run for mend in mends if (run := _run(mend.typed, outputs))}
    asked = {mend.typed: found for mend in mends if (found := _asked(mend.typed, outputs))}
    if not runs and not asked:
        told = (f"{verb} is said already",)  # train fit
        return [Mend(m.typed, (), told) if BY_OTHER.get(m.typed, m.typed) == verb else m for m in mends]
    from runner.cli import reader_words  # brings the verbs that read runs: most lines are about none

    if verb == "train" and not any({*SWEEP} & {*mend.words} for mend in mends):
        asked |= {typed: ("resume", run) for typed, run in runs.items()}
    rest = [word for mend in mends if mend.typed not in {**runs, **asked} for word in mend.words if word not in SWEEP]
    readers, values = [reader for reader, _ in asked.values()], [value for _, value in asked.values() if value]
    is_all = all(word.partition("=")[0] in ANYWHERE for word in rest)
    if asked and (values or "resume" in readers or is_all):
        typed = next(iter(asked))
        why = "is a run, and train begins a new one" if typed in runs else f"{readers[0]} is a command of its own"
        raise reader_words.refused(f"{typed}: {why}", reader_words.meant(readers[0], [*values, *rest]), outputs)
    known = {typed: Mend(typed, (), (f"{reader} is a command of its own",)) for typed, (reader, _) in asked.items()}
    for typed, run in runs.items():
        config = here(reader_words.run_named(run, outputs).directory.config)
        known[typed] = Mend(typed, (config,), ("the settings of a run are its config.yaml",))
    return [known.get(mend.typed, mend) for mend in mends]


def _run(word: str, outputs: Path) -> str | None:
    """The run or the sweep that a word names, also by a file of its weights."""
    path = Path(word)
    folder = str(path.parent.parent) if path.suffix == ".pt" else word
    if word == "last":
        return word
    with suppress(RunnerError):
        find(folder, outputs)
        return folder
    return None


def _asked(typed: str, outputs: Path) -> tuple[str, str] | None:
    """The verb that reads runs, and the run or the input behind it: resume=last, --eval, --predict x.png."""
    form = NAMED.fullmatch(typed)
    name, value = (form[1].lower().replace("-", "_"), form[2] or "") if form else ("", "")
    reader = name if name in READERS else BY_OTHER.get(name, "")
    if reader not in READERS or value.lower() in ("", "true"):
        return (reader, "") if reader in READERS else None
    found = _run(value, outputs) or (value if reader in ("resume", "predict") else None)
    return (reader, found) if found else None


def _helps(mends: Sequence[Mend], made: Parser) -> bool:
    """Whether a verb that is for one run can take something that was mended; if not, its own answer is the better."""
    left = _left(mends, made)
    right = [mend for mend in mends if not any(fault.startswith(f"{word}: ") for fault in left for word in mend.words)]
    return any(mend.reasons for mend in right)


def _mends(words: Sequence[str], flags: Mapping[str, bool] | None) -> list[Mend]:
    return mended(words, Catalog(conf_folders(_config_dir(words))), hydra_flags() if flags is None else flags)


def hydra_flags() -> dict[str, bool]:
    """The flags of ``train``, and whether a value follows."""
    return {flag: action.nargs is None for action in hydra_parser()._actions for flag in action.option_strings}


def _config_dir(words: Sequence[str]) -> str | None:
    """The folder of options that the line names, where it is there."""
    pairs = [word.partition("=")[::2] for word in words] + list(pairwise(words))
    return next((value for flag, value in pairs if flag in ("--config-dir", "-cd") and Path(value).is_dir()), None)


def _verb(word: str, rest: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The verb that was meant, with the flags that it needs, and the words after it; "" where none is near."""
    name = word.lstrip("-").lower().replace("-", "_")
    if name in ("v", "version"):
        return "--version", ()
    if part := next((part for part in PARTS if name in (part, f"{part}s", f"{part}es")), None):
        return "show", (part, *rest)
    meant = BY_OTHER.get(name) or nearest(name, [*VERBS, *BY_OTHER, "tensorboard"]) or ""
    meant = BY_OTHER.get(meant, meant)
    if name in ASKS and any("=" in other for other in rest):
        return "show", rest
    if meant == "train -m" and not [other for other in rest if not other.startswith("-")]:
        return meant, (*rest, EXAMPLE)
    return ("report", (*rest, "--top", "1")) if meant == "report --top 1" else (meant, rest)


def _wrong(fault: str, verb: str, words: Sequence[str]) -> ConfigError:
    """With the line that begins with the right verb, its words mended too."""
    if verb == "tensorboard":
        folders = [word for word in words if Path(word).is_dir()] or [here(usual_output_dir())]
        return ConfigError(
            f"{fault}; it is a program of its own:\n  {shlex.join(['tensorboard', '--logdir', *folders])}"
        )
    if verb.split()[0] not in COMPOSING:
        return ConfigError(f"{fault}; did you mean:\n  {shlex.join([*AS_MODULE.split(), *verb.split(), *words])}")
    sweep = ["-m"] if verb == "train -m" and not {*words} & {*SWEEP} else []
    mends = _mends([*sweep, *words], None)
    return ConfigError(_with_line([fault, *_faults(mends)], f"{AS_MODULE} {verb.split()[0]}", mends, _left(mends)))


def _faults(mends: Sequence[Mend]) -> Iterator[str]:
    """A line for the words that are wrong for the same reasons."""
    for reasons in dict.fromkeys(mend.reasons for mend in mends if mend.reasons):
        typed = " ".join(mend.typed for mend in mends if mend.reasons == reasons)
        yield f"{typed}: {'; '.join(reasons)}"


def _with_line(faults: Sequence[str], command: str, mends: Sequence[Mend], left: Sequence[str]) -> list[str]:
    """The faults, with those ``left`` that the line would still have; below the last the line."""
    strangers = {word for mend in mends if mend.reasons for word in mend.words if _is_stranger(word, left)}
    words = [word for word in _once(mends) if word not in strangers]
    *others, last = [*left, *faults]
    lead = "corrected so far" if len(left) > len(strangers) else "did you mean"
    return [*others, f"{last}; {lead}:\n  {command} {shlex.join(words)}".rstrip()]


def _is_stranger(word: str, faults: Sequence[str]) -> bool:
    """Whether there is nothing of that name, such as the wandb=true of ``--wandb``: the line does without it."""
    return any(fault.startswith(f"{word}: there is no setting") for fault in faults)


def _once(mends: Sequence[Mend]) -> list[str]:
    """The words of a line; of what is mended, and of options, the last one that sets the same."""
    words = [(word, bool(mend.reasons)) for mend in mends for word in mend.words]
    if any(word.startswith(TARGET) and word != COLUMN for word, _ in words):
        words = [(word, is_mended) for word, is_mended in words if word != COLUMN]
    kept = []
    for place, (word, is_mended) in enumerate(words):
        key = word.partition("=")[0]
        is_again = any(later.startswith(f"{key}=") for later, _ in words[place + 1 :])
        if not (is_again and (is_mended or key in PARTS)):
            kept.append(word)
    return kept


def _is_own(mend: Mend, made: Parser) -> bool:
    """Whether it is for the verb alone, and nothing of a run: --out x.png."""
    first, equals, _ = (*mend.words, "")[0].partition("=")
    is_flag = first in made.takes_value and first not in hydra_flags()
    return is_flag or (first in made.words and not equals)


def _left(mends: Sequence[Mend], made: Parser | None = None) -> tuple[str, ...]:
    """The faults of a mended line."""
    try:
        request = parse(_once([mend for mend in mends if made is None or not _is_own(mend, made)]))
        if request.multirun:
            check_first(request)
        else:
            compose(request)
        return ()
    except ConfigError as error:
        return tuple(fault for fault in error.faults if not fault.startswith(f"{COLUMN}:"))  # which is to be replaced
