"""What a check saw at the line where it said no: the expressions there, evaluated again in its own frame.

A check reads and sets nothing, so reading once more gives the same. Secrets of the server are never told.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FrameType

LONGEST = 200
KEPT_BACK = ("secret", "password", "csrf")  # words in an expression whose value is not told


def short(value: object) -> str:
    """A value as a verdict may hold it: cut to 200 characters, with its length said."""
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def as_it_saw(at: FrameType) -> tuple[tuple[str, str], ...]:
    """Expression and value of what the present line of a frame, and the condition that led to it, look at."""
    saw: list[tuple[str, str]] = []
    for text, code in _looked_at(at.f_code, at.f_lineno):
        value = eval(code, at.f_globals, at.f_locals)  # our own source, which only reads
        kept_back = any(word in text for word in KEPT_BACK)
        if value is None or isinstance(value, bool) or (not kept_back and isinstance(value, str | int | float | list)):
            saw.append((text, short(repr(value))))
    return tuple(saw)


@lru_cache(maxsize=256)
def _looked_at(of: CodeType, line: int) -> tuple[tuple[str, CodeType], ...]:
    """The readable expressions of the statement at that line, and of the `if` around it, in their order, once each."""
    try:
        lines, first = inspect.getsourcelines(of)
    except (OSError, TypeError):
        return ()
    tree = ast.parse("".join(lines))
    ast.increment_lineno(tree, first - 1)
    found: dict[str, CodeType] = {}
    for node in _statements(tree, line):
        for expression in _read(node):
            text = ast.unparse(expression)
            if text not in found:
                found[text] = compile(ast.fix_missing_locations(ast.Expression(expression)), "<as it saw>", "eval")
    return tuple(found.items())


def _statements(tree: ast.Module, line: int) -> Iterator[ast.AST]:
    """The conditions around a line, and the statement at it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and any(_holds(each, line) for each in node.body):
            yield node.test
        elif isinstance(node, ast.Return) and _holds(node, line):
            yield node


def _holds(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _read(node: ast.AST) -> Iterator[ast.expr]:
    """The largest expressions in it that only read: names, attributes, members, and `.get` with constants."""
    if isinstance(node, ast.expr) and _only_reads(node):
        if not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Load):
            yield node
        return
    if isinstance(node, ast.Call):
        children: list[ast.AST] = [*node.args, *(each.value for each in node.keywords)]
    elif isinstance(node, ast.JoinedStr | ast.GeneratorExp | ast.ListComp):
        children = []
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _read(child)


def _only_reads(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id != "ask"
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) or _only_reads(node.value)
    if isinstance(node, ast.Subscript):
        return _only_reads(node.value) and isinstance(node.slice, ast.Constant)
    if isinstance(node, ast.Call):
        is_get = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and _only_reads(node.func.value)
        return is_get and not node.keywords and all(isinstance(each, ast.Constant) for each in node.args)
    return False
