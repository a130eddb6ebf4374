"""A formula of a few names, read as arithmetic and never run as Python."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Collection, Iterator, Mapping

from runner.config.spelling import listed, nearest

MAX_LENGTH = 300  # characters
OPERATORS: Mapping[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "cos": math.cos,
}
CONSTANTS = {"pi": math.pi}


class Formula:
    """``0.95 ** epoch``: numbers, + - * / // % **, brackets, FUNCTIONS, pi and the ``names`` that are given.

    Raises ValueError that says at which character something else stands.
    """

    def __init__(self, text: str, names: Collection[str]):
        self.text = " ".join(text.split())
        if fault := next(_faults(self.text, names), None):
            raise ValueError(fault)
        self._body = _parsed(self.text)
        self.names = {node.id for node in ast.walk(self._body) if isinstance(node, ast.Name)} & set(names)

    def __call__(self, **values: float) -> float:
        """Its value, all numbers taken as floats: none grows without end. Raises ValueError where there is none."""
        try:
            value = _value(self._body, {**CONSTANTS, **values})
        except OverflowError as error:
            raise ValueError("grows too large") from error
        except (ArithmeticError, ValueError) as error:
            raise ValueError(str(error)) from error
        if isinstance(value, complex) or not math.isfinite(value):
            raise ValueError(f"comes to {value}")
        return value


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _faults(text: str, names: Collection[str]) -> Iterator[str]:
    """What is no arithmetic, in the order of the text."""
    if len(text) > MAX_LENGTH:
        yield f"longer than {MAX_LENGTH} characters"
        return
    try:
        body = _parsed(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        column = getattr(error, "offset", None) or max(1, len(text))  # none where it breaks off
        yield f"character {column}: is no formula"
        return
    called = {id(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}
    for node in sorted(ast.walk(body), key=lambda node: getattr(node, "col_offset", 0)):
        fault = _fault(node, names) if id(node) not in called else None
        if fault:
            yield f"character {_column(text, node)} ({ast.unparse(node)}): {fault}"


def _column(text: str, node: ast.AST) -> int:
    """Where the node begins, counted from 1; ast counts bytes."""
    return len(text.encode()[: getattr(node, "col_offset", 0)].decode()) + 1


def _fault(node: ast.AST, names: Collection[str]) -> str | None:
    if isinstance(node, ast.Constant):
        return _number_fault(node.value)
    if isinstance(node, ast.Name):
        return _name_fault(node.id, [*names, *CONSTANTS])
    if isinstance(node, ast.Call):
        return _call_fault(node)
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return None if type(node.op) in OPERATORS else "no such operation; there are + - * / // % **"
    return None if isinstance(node, ast.expr_context | ast.operator | ast.unaryop) else "is no arithmetic"


def _name_fault(name: str, known: Collection[str]) -> str | None:
    if name in known:
        return None
    if name in FUNCTIONS:
        return f"is a function; write {name}(...)"
    meant = nearest(name, known)
    return f"no such name; {f'did you mean {meant}?' if meant else f'there are {listed(known)}'}"


def _number_fault(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is no number"
    try:
        return None if math.isfinite(float(value)) else "is too large"
    except OverflowError:
        return "is too large"


def _call_fault(node: ast.Call) -> str | None:
    name = node.func.id if isinstance(node.func, ast.Name) else None
    if name not in FUNCTIONS:
        return f"is no function; there are {listed(FUNCTIONS)}"
    least, most = (2, math.inf) if name in ("min", "max") else (1, 1)
    starred = node.keywords or any(isinstance(item, ast.Starred) for item in node.args)
    return "wants another number of values" if starred or not least <= len(node.args) <= most else None


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant():
            return float(node.value)  # type: ignore[arg-type]
        case ast.Name():
            return float(values[node.id])
        case ast.UnaryOp():
            return OPERATORS[type(node.op)](_value(node.operand, values))
        case ast.BinOp():
            return OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*(_value(item, values) for item in node.args))
    raise AssertionError("checked when the formula was read")
