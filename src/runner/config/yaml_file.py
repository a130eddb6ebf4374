"""A YAML file as plain data with its comments. Nothing in it is executed, looked up or interpolated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runner.config import regular_file
from runner.errors import ConfigError, DataError

# libyaml where it is there: 10x faster
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_BYTES = 1_000_000
MAX_DEPTH = 40  # of nesting; libyaml recurses on the C stack
_FLOAT = re.compile(r"[-+]?(?:\d[\d_]*)(?:\.\d*)?[eE][-+]?\d+$|[-+]?\.\d+(?:[eE][-+]?\d+)?$")


class _Loader(_Base):  # type: ignore[misc]
    """Safe YAML that reads 1e-3 as a number, as omegaconf does (YAML 1.1 wants 1.0e-3)."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
# a date stays text, as in omegaconf: a run's data is numbers, words, lists and mappings
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class _WordLoader(_Loader):
    """Reads yes, no, on and off as words, as the command line does: they are answers in tables."""


_SWITCH = "tag:yaml.org,2002:bool"
_WordLoader.yaml_implicit_resolvers = {
    first: [(tag, re.compile("(?i:true|false)$") if tag == _SWITCH else pattern) for tag, pattern in resolvers]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class YamlFile:
    """The mapping a file holds; ``comments`` has the trailing comment of each key by its dotted name."""

    data: dict[str, Any]
    comments: dict[str, str]
    header: tuple[str, ...]  # the comment lines at the top, without #


def read_yaml(path: Path, *, aliases: bool = True) -> YamlFile:
    """The file's mapping and comments. Raises ConfigError with the line where it is not one plain mapping."""
    text = _text(path)
    try:
        _refuse_bombs(path, text, aliases)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return YamlFile({}, {}, tuple(_header(text)))
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{path}: has no settings; write lines of the form key: value")
        _refuse_twins(path, node)
        comments = dict(_comments(text.splitlines(), node, ""))
        return YamlFile(loader.construct_document(node), comments, tuple(_header(text)))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_place(error)}: not YAML: {_reason(error)}") from error
    except (ValueError, TypeError) as error:  # a value like 2024-99 or an unhashable key
        raise ConfigError(f"{path}: not plain YAML: {error}") from error


def read_words(path: Path) -> list[str]:
    """The list of words a file holds. Raises ConfigError where it holds something else."""
    text = _text(path)
    try:
        _refuse_bombs(path, text, aliases=False)
        words = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"{path}: holds no list of words")
    return words


def spelled(text: str, loader: Any = _Loader) -> Any:
    """What a text as 2, [1, 2] or true spells; the text itself where it spells nothing plain."""
    try:
        _refuse_bombs(Path(), text, aliases=False)
        return yaml.load(text, loader)
    except (yaml.YAMLError, ValueError, TypeError, ConfigError):
        return text


def mapping(text: str) -> dict[str, Any] | None:
    """What a text as {a: b, c: [d, e]} spells, names as text; None where it spells no mapping."""
    pairs = spelled(text, _WordLoader)
    return {str(key): value for key, value in pairs.items()} if isinstance(pairs, dict) else None


def _text(path: Path) -> str:
    try:
        with regular_file.opened(path) as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES:,} bytes; a configuration is smaller")
        return text.decode()
    except DataError as error:
        raise ConfigError(str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _refuse_bombs(path: Path, text: str, aliases: bool) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) and not aliases:
            raise ConfigError(f"{path}, line {event.start_mark.line + 1}: *{event.anchor} is refused here")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(f"{path}, line {event.start_mark.line + 1}: nested more than {MAX_DEPTH} deep")


def _refuse_twins(path: Path, node: yaml.Node) -> None:
    for mapping in _mappings(node, set()):
        seen: set[str] = set()
        for key, _ in mapping.value:
            if key.value in seen:
                raise ConfigError(f"{path}, line {key.start_mark.line + 1}: {key.value} is given twice; keep one")
            seen.add(str(key.value))


def _mappings(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
        children = [child for pair in node.value for child in pair]
    else:
        children = list(node.value)
    for child in children:
        yield from _mappings(child, seen)


def _comments(lines: list[str], node: yaml.MappingNode, prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        nested = isinstance(value, yaml.CollectionNode) and not value.flow_style
        mark = key.end_mark if nested else value.end_mark
        _, _, comment = lines[mark.line][mark.column :].partition("#") if mark.line < len(lines) else ("", "", "")
        yield name, comment.strip()
        if nested and isinstance(value, yaml.MappingNode):
            yield from _comments(lines, value, f"{name}.")


def _header(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        yield line.lstrip("#").strip()


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


def _reason(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
