"""What Hydra cannot compose: the overrides that compose without the others, and the others' faults in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from hydra.errors import MissingConfigException
from omegaconf import DictConfig

from runner.compose.hydra_bridge import Trees, hydra_for
from runner.compose.request import Request
from runner.config.catalog import Catalog, unknown_option
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError


def survivors_of(
    request: Request, lines: list[str], trees: Trees
) -> tuple[DictConfig | None, list[str], Exception | None]:
    """The tree of what composes (None when no override is to blame), the faults of what does not, the first error."""
    catalog = trees.catalog
    hydra = hydra_for(catalog)
    faults: list[str] = []
    first: Exception | None = None
    while True:
        try:
            return trees.composed(hydra, request.config_name, lines), faults, first
        except Exception as error:  # of any kind: Hydra's own code trips over requests it did not foresee
            first = first or error
            culprit = _culprit(error, lines)
            faults.append(_fault(error, culprit, catalog))
            if culprit is None:
                return None, faults, first
            lines.remove(culprit)


def _culprit(error: BaseException, lines: list[str]) -> str | None:
    """The override that the error speaks of."""
    told = " ".join(str(e) for e in _chain(error))
    for line in reversed(lines):
        key, _, value = line.lstrip("+").partition("=")
        missing = getattr(error, "missing_cfg_file", None)
        if missing is not None:
            if f"{key}/{value}" == missing:
                return line
        elif line in told or f"'{key}'" in told or f": {key}\n" in f"{told}\n":
            return line
    return None


def _fault(error: BaseException, culprit: str | None, catalog: Catalog) -> str:
    if isinstance(error, ConfigError):
        return str(error)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _missing_file(error, catalog)
    line = culprit.lstrip("+") if culprit else "the configuration"
    if "Cannot merge DictConfig with ListConfig" in _words(error):
        key, _, value = line.partition("=")
        return f"{line}: must be a list, in brackets; did you mean {quote(f'{key}=[{value}]')}?"
    return f"{line}: cannot be composed: {_words(error)}"


def _missing_file(error: MissingConfigException, catalog: Catalog) -> str:
    group, _, name = str(error.missing_cfg_file).removesuffix(".yaml").rpartition("/")
    if catalog.options(group) and group:
        return unknown_option(catalog, group, name)
    choices = list(error.options or ())
    meant = nearest(name, choices)
    advice = f"; did you mean {meant}?" if meant else ""
    known = f"\n  choices: {listed(choices)}" if choices else f"\n  looked in {listed(map(str, catalog.folders))}"
    return f"{group + '=' if group else ''}{name}: there is no such configuration file{advice}{known}"


def _words(error: BaseException) -> str:
    """The innermost cause in one line."""
    deepest = list(_chain(error))[-1]
    lines = [line.strip() for line in str(deepest).splitlines() if line.strip()]
    return lines[0] if lines else type(deepest).__name__


def lookup_words(error: BaseException) -> str:
    """Why an interpolation failed, without the exception's class: Environment variable 'X' not found."""
    _, raised, inner = _words(error).partition("raised while resolving interpolation: ")
    return inner.strip("\"'") if raised else _words(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__
