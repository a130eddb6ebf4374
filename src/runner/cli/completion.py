"""``completion bash|zsh``: the tab key. Prints what a shell is told; it then asks ``completion words``."""

from __future__ import annotations

from collections.abc import Sequence

from runner.cli.candidates import candidates
from runner.cli.main import VERBS
from runner.errors import ConfigError

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


def run(argv: Sequence[str]) -> int:
    """The exit code of ``completion``. Raises ConfigError for another shell."""
    match argv:
        case ["words", line]:
            print(*(f"{word}\n" for word in candidates(line, VERBS)), sep="", end="")  # of none no line: it were a word
        case [shell] if shell in SCRIPTS:
            print(SCRIPTS[shell], end="")
        case _:
            raise ConfigError(
                f"{' '.join(['completion', *argv])}: name the shell, bash or zsh; for the tab key in this one type\n"
                '  eval "$(runner completion bash)"'
            )
    return 0
