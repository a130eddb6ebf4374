"""``completion bash|zsh``: the tab key. Prints what a shell is told; it then asks ``completion words``."""

from __future__ import annotations

from collections.abc import Sequence

from runner.cli import VERBS
from runner.compose.completion import candidates
from runner.errors import ConfigError

BASH = r"""_runner_completion() {
    local line=${COMP_LINE:0:COMP_POINT} typed word kept=""
    typed=${line##*[[:space:]]}
    # bash takes what follows the last = or : for the word to complete
    if [[ $COMP_WORDBREAKS == *=* ]]; then kept=${typed%"${typed##*[=:]}"}; fi
    COMPREPLY=()
    while IFS= read -r word; do
        word=$(printf %q "${word#"$kept"}")
        case $word in *[=./]) ;; *) word+=" " ;; esac
        COMPREPLY+=("$word")
    done < <("${COMP_WORDS[0]}" completion words "$line" 2> /dev/null)
}
complete -o default -o nospace -F _runner_completion runner
"""
ZSH = r"""_runner_completion() {
    local -a found
    found=("${(@f)$(runner completion words "${(j: :)words[1,CURRENT]}" 2> /dev/null)}")
    found=(${found:#})
    if (( $#found )); then
        compadd -S '' -- ${(M)found:#*[=./]}
        compadd -- ${found:#*[=./]}
    else
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
            print(*candidates(line, VERBS), sep="\n")
        case [shell] if shell in SCRIPTS:
            print(SCRIPTS[shell], end="")
        case _:
            raise ConfigError(
                f"{' '.join(['completion', *argv])}: name the shell, bash or zsh; for the tab key in this one type\n"
                '  eval "$(runner completion bash)"'
            )
    return 0
