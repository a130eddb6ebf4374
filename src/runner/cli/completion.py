"""``completion bash|zsh``: the tab key. Prints what a shell is told; it then asks ``completion words``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, cast

from runner.cli.arguments import Parser
from runner.cli.main import VERBS
from runner.config.catalog import GROUPS, PARTS, Catalog, conf_folders
from runner.config.usual import usual_options
from runner.errors import ConfigError
from runner.runs.directory import usual_output_dir
from runner.runs.ranking import run_paths

BASH = r"""_runner_completion() {
    local line=${COMP_LINE:0:COMP_POINT} last='([^[:space:]\]|\\.)*$' quote word kept=""
    quote=${COMP_WORDS[COMP_CWORD]%%[!\'\"]*}
    # bash takes what follows the last = or : for the word to complete, or else the opening quote
    if [[ ! $quote && $COMP_WORDBREAKS == *=* && $line =~ $last ]]; then
        kept=${BASH_REMATCH[0]%"${BASH_REMATCH[0]##*[=:]}"}
        kept=${kept//\\/}
    fi
    COMPREPLY=()
    while IFS= read -r word; do
        word=${word#"$kept"}
        if [[ ! $quote ]]; then
            word=$(printf %q "$word")
            word=${word//\\,/,}
            case $word in *[=./]) ;; *) word+=" " ;; esac
        fi
        COMPREPLY+=("$word")
    done < <("${COMP_WORDS[0]}" completion words "$line" 2> /dev/null)
}
complete -o default -o nospace -F _runner_completion runner
"""
ZSH = r"""_runner_completion() {
    local -a found
    # PREFIX is the word up to the cursor, without the quote that may open it
    found=("${(@f)$(runner completion words "${(j: :)words[1,CURRENT-1]} ${(q)${(Q)PREFIX}}" 2> /dev/null)}")
    found=(${found:#})
    if (( $#found )); then
        compadd -S '' -- ${(M)found:#*[=./]}
        compadd -- ${found:#*[=./]}
    else
        compset -P '*='
        _files
    fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _runner_completion runner
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH}
TRAIN = ("-m", "--multirun", "--cfg", "--resolve", "--package", "--config-dir", "--info", "--hydra-help", "--help")
NEWEST = 20  # runs offered where nothing of a path is typed yet


def parser() -> Parser:
    return Parser("completion", "bash|zsh", "The tab key, for bash or zsh.", SCRIPTS)


def run(argv: Sequence[str]) -> int:
    """The exit code of ``completion``. Raises ConfigError for another shell."""
    _, words = parser().parse_known(argv)
    match words:
        case ["words", line]:
            print(*(f"{word}\n" for word in candidates(line)), sep="", end="")  # of none no line: it were a word
        case [shell] if shell in SCRIPTS:
            print(SCRIPTS[shell], end="")
        case _:
            raise ConfigError(
                f"{' '.join(['completion', *argv])}: name the shell, bash or zsh; for the tab key in this one type\n"
                '  eval "$(runner completion bash)"'
            )
    return 0


def candidates(line: str) -> list[str]:
    """The whole words that the last word of ``line`` may become; what ends in = or . goes on."""
    _, *words, begun = shell_words(line)
    found: Iterable[str] = VERBS
    if words:
        found = following(words[0], words[1:], begun) if words[0] in VERBS else ()
    fitting = [word for word in dict.fromkeys(found) if word.startswith(begun) and word.isprintable()]
    return [word for word in fitting if begun.startswith("-") or not word.startswith("-")]


def shell_words(line: str) -> list[str]:
    """The words as a shell takes them, the last of which is still being typed: "" where it is not begun."""
    for open_quote in ("", "'", '"'):
        with suppress(ValueError):
            *words, begun = shlex.split(f"{line}|{open_quote}")  # the mark makes a word of what is not begun
            return [*words, begun.removesuffix("|")]
    return line.split(" ")


def following(verb: str, words: Sequence[str], begun: str) -> Iterator[str]:
    made = parser_of(verb, words)
    has_run = made.reads_run and names_a_run(words)
    yield from made.words
    yield from made.flags
    if verb == "show" and "=" in begun:
        group = begun.partition("=")[0]
        yield from (f"{group}={name}" for name in Catalog(conf_folders()).options(group))
    if made.composes:
        yield from overrides(words, begun)
    if made.reads_run and (not has_run or verb == "report"):
        yield from run_names(begun)


def parser_of(verb: str, words: Sequence[str]) -> Parser:
    """What a verb takes, as its module says it; ``train`` has Hydra's own flags."""
    if verb == "train":
        return Parser(verb, "", "", TRAIN, composes=True)
    of_run = verb == "view" and names_a_run(words)
    module: Any = import_module("runner.cli.view_run" if of_run else VERBS[verb][0].partition(":")[0])
    if verb == "explain" and names_a_run(words):
        return cast(Parser, module.lesson_parser(words))
    make = module.run_parser if of_run else getattr(module, "parser", None)
    made: Parser = make() if make else Parser(verb, "", "")
    return made


def names_a_run(words: Sequence[str]) -> bool:
    return any("=" not in word and not word.startswith("-") for word in words)


def overrides(words: Sequence[str], begun: str) -> Iterator[str]:
    """Groups and settings; of a group that is typed out its options, or the knobs of the one that is chosen."""
    catalog = Catalog(conf_folders())
    group, equals, _ = begun.partition("=")
    if equals:
        listed = begun[: max(map(begun.rfind, "=[,")) + 1]  # of several only the last is still being typed
        yield from (f"{listed}{name}" for name in catalog.options(group) if group in GROUPS)
        return
    yield from (f"{name}=" for name in GROUPS)
    yield from (f"{name}=" for name in catalog.settings)
    typed = dict(word.split("=", 1) for word in words if word.partition("=")[0] in GROUPS)
    chosen = usual_options(catalog, typed.get("model", "")) | typed
    for part, option in chosen.items():
        if part in PARTS and not begun.startswith(part):
            yield f"{part}."
        elif part in PARTS:
            where = f"metric.{option}" if part == "metric" else part
            with suppress(ConfigError):  # a name that is wrong is told when the line is entered
                yield from (f"{where}.{knob}=" for knob in catalog.option(part, option).knobs)


def run_names(begun: str) -> Iterator[str]:
    """``last``, and the runs and sweeps: the newest, or those of which the beginning is typed, and jobs of these."""
    yield "last"
    paths = sorted(run_paths(usual_output_dir(), of_jobs=False), key=lambda path: path.parts[-2:])  # date and time
    yield from map(str, [*paths, *run_paths(usual_output_dir())] if begun else paths[-NEWEST:])
