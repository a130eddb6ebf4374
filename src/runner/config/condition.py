"""A condition on a few names: what ``formula`` reads, compared, with and, or, not, in; never run as Python."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from runner.config.formula import arithmetic_fault, called, parsed, placed, readable, syntax_fault, told, value_of

ORDERS: Mapping[type[ast.AST], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
EQUALS: Mapping[type[ast.AST], bool] = {ast.Eq: True, ast.NotEq: False}
MEMBERS: Mapping[type[ast.AST], bool] = {ast.In: True, ast.NotIn: False}
COMPARED = (*ORDERS, *EQUALS, *MEMBERS)
LITERALS = {"true": True, "false": False, "null": None}  # beside Python's own
EXAMPLE = "model == 'cnn' and optimizer.lr > 0.01"


class Condition:
    """``model == 'cnn' and optimizer.lr > 0.01``: what a Formula may be, texts and lists, compared, and, or, not, in.

    ``name_fault`` says what is wrong with a dotted name, ``is_word`` which others are texts that need no quotes; the
    whole may stand in quotes. Raises ValueError as a Formula does.
    """

    def __init__(self, text: str, name_fault: Callable[[str], str | None], is_word: Callable[[str], bool]):
        self.text = _unquoted(" ".join(text.split()))
        if fault := syntax_fault(self.text, f"is not a condition; {_advice(self.text)}"):
            raise ValueError(fault)
        body = _Named(lambda name: is_word(name) and name_fault(name) is not None).visit(parsed(self.text))
        if fault := next(_condition_faults(self.text, body, name_fault), None):
            raise ValueError(fault)
        self._body: ast.expr = body
        functions = called(body)
        found = (node for node in ast.walk(body) if isinstance(node, ast.Name) and id(node) not in functions)
        self.names = {node.id for node in found}
        self.texts = list(_texts(body))  # (name, text) that are compared with each other

    def __call__(self, value: Callable[[str], Any]) -> bool:
        """Whether it holds; ``value`` of a name raises KeyError where there is none.

        What is said of a name without a value is neither true nor false, nor is its contrary. Raises ValueError.
        """
        return told(lambda: _truth(self._body, value)) is True


def _advice(text: str) -> str:
    if "&&" in text or "||" in text:
        return "write and for &&, or for ||"
    return "equal is written ==" if re.search(r"(?<![=!<>])=(?!=)", text) else f"one is {EXAMPLE}"


def _unquoted(text: str) -> str:
    """The text in as many quotes as a shell has left around it."""
    try:
        body = parsed(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return text
    is_text = isinstance(body, ast.Constant) and isinstance(body.value, str)
    return _unquoted(" ".join(body.value.split())) if is_text else text  # type: ignore[attr-defined]


class _Named(ast.NodeTransformer):
    """Dotted names become names, true, false and null and the words without quotes what they stand for."""

    def __init__(self, is_word: Callable[[str], bool]):
        self.is_word = is_word

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = ast.unparse(node)
        is_dotted = all(part.isidentifier() for part in name.split("."))
        return ast.copy_location(ast.Name(name, ast.Load()), node) if is_dotted else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in LITERALS:
            return ast.copy_location(ast.Constant(LITERALS[node.id]), node)
        return ast.copy_location(ast.Constant(node.id), node) if self.is_word(node.id) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(item) for item in node.args]
        return node


def _texts(body: ast.expr) -> Iterator[tuple[str, str]]:
    for node in ast.walk(body):
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        names = [side.id for side in sides if isinstance(side, ast.Name)]
        items = [item for side in sides for item in (side.elts if isinstance(side, ast.List | ast.Tuple) else [side])]
        texts = [item.value for item in items if isinstance(item, ast.Constant)]
        yield from ((name, text) for name in names for text in texts if isinstance(text, str))


def _condition_faults(text: str, body: ast.expr, name_fault: Callable[[str], str | None]) -> Iterator[str]:
    """What is no condition, in the order of the text."""
    said = {id(node) for node in _said(body)}
    yield from placed(
        text, body, lambda node: _role_fault(node, id(node) in said) or _condition_fault(node, name_fault)
    )


def _role_fault(node: ast.AST, is_said: bool) -> str | None:
    """A value where something has to be true or false, or the contrary."""
    is_claim = isinstance(node, ast.Compare | ast.BoolOp) or _is_not(node)
    if is_claim and not is_said:
        return "cannot be compared; several values are written in ('cnn', 'mlp')"
    is_truth = isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and isinstance(node.value, bool))
    if is_said and not (is_claim or is_truth):
        return f"is neither true nor false; compare it, as in {EXAMPLE}"
    return None


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _said(node: ast.expr) -> Iterator[ast.expr]:
    """The parts that have to be true or false."""
    yield node
    match node:
        case ast.BoolOp():
            parts = node.values
        case ast.UnaryOp(op=ast.Not()):
            parts = [node.operand]
        case _:
            parts = []
    for part in parts:
        yield from _said(part)


def _condition_fault(node: ast.AST, name_fault: Callable[[str], str | None]) -> str | None:
    if isinstance(node, ast.Compare):
        known = all(type(op) in COMPARED for op in node.ops)
        return None if known else "no such comparison; there are == != < <= > >= in"
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | str)):
        return None
    if isinstance(node, ast.List | ast.Tuple | ast.BoolOp) or _is_not(node):
        return None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        return f"write {'and' if isinstance(node.op, ast.BitAnd) else 'or'}"
    return arithmetic_fault(node, name_fault, "cannot be part of a condition")


def _truth(node: ast.expr, value: Callable[[str], Any]) -> bool | None:
    """None where a name has no value that could decide it."""
    match node:
        case ast.BoolOp():
            decisive = isinstance(node.op, ast.Or)
            found = []
            for part in node.values:
                found.append(_truth(part, value))
                if found[-1] is decisive:
                    return decisive
            return None if None in found else not decisive
        case ast.UnaryOp(op=ast.Not()):
            inner = _truth(node.operand, value)
            return None if inner is None else not inner
        case ast.Compare():
            pairs = pairwise([node.left, *node.comparators])
            found = [_compared(op, *pair, value) for op, pair in zip(node.ops, pairs, strict=True)]
            return False if False in found else None if None in found else True
    try:
        found_value = value_of(node, value)
    except KeyError:
        return None
    if not isinstance(found_value, bool):
        raise ValueError(f"{ast.unparse(node)} is {readable(found_value)}, neither true nor false; compare it")
    return found_value


def _compared(op: ast.cmpop, left: ast.expr, right: ast.expr, value: Callable[[str], Any]) -> bool | None:
    try:
        first, second = value_of(left, value), value_of(right, value)
    except KeyError:
        return None
    said = f"{ast.unparse(left)} and {ast.unparse(right)}"
    if type(op) in MEMBERS:
        if not isinstance(second, tuple | str) or (isinstance(second, str) and not isinstance(first, str)):
            raise ValueError(
                f"{ast.unparse(right)} is {readable(second)}, not a list; it cannot hold {readable(first)}"
            )
        held = first in second if isinstance(second, str) else any(_equal(first, item, said) for item in second)
        return held is MEMBERS[type(op)]
    if type(op) in EQUALS:
        return _equal(first, second, said) is EQUALS[type(op)]
    if first is None or second is None:
        return None
    _check_no_quoted_number(first, second, said)
    if not (isinstance(first, float) and isinstance(second, float)):
        raise ValueError(f"{said} are {readable(first)} and {readable(second)}: only numbers are smaller or larger")
    return ORDERS[type(op)](first, second)


def _equal(first: Any, second: Any, said: str) -> bool:
    _check_no_quoted_number(first, second, said)
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)


def _check_no_quoted_number(first: Any, second: Any, said: str) -> None:
    for number, text in ((first, second), (second, first)):
        if isinstance(number, float) and isinstance(text, str) and _spells_a_number(text):
            raise ValueError(f"{said} are a number and a text; write {text} without quotes")


def _spells_a_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
