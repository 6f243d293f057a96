"""The checklist beside an answer: each verdict with its check's reason, section and source."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pygments.lexer import Lexer
from pygments.lexers import JavascriptLexer, PythonLexer
from pygments.token import STANDARD_TYPES, _TokenType

from flows.checks import CHECKS, Check, Verdict

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One check of a list, and how it ended."""

    check: Check
    verdict: Verdict

    @property
    def mark(self) -> str:
        """The name of the mark's shape."""
        return {"passed": "passed", "failed": "failed", "not reached": "unreached", "switched off": "warning"}[
            self.verdict.state
        ]


@dataclass(frozen=True)
class Source:
    """The lines of a check as they stand in its file: (number, [(css class, text), …])."""

    path: str
    lines: list[tuple[int, list[tuple[str, str]]]]


def rows(verdicts: Sequence[Verdict]) -> list[Row]:
    return [Row(CHECKS[verdict.check], verdict) for verdict in verdicts]


def source_of(name: str) -> Source | None:
    """The server code behind a check; None where it cannot be read."""
    return source_of_function(CHECKS[name].decide)


@lru_cache(maxsize=256)
def source_of_function(decide: Callable[..., object]) -> Source | None:
    """A function's real source, cut into coloured pieces; None where it cannot be read."""
    try:
        text, first = inspect.getsourcelines(decide)
    except OSError:  # the file was changed since it was loaded
        return None
    path = Path(inspect.getsourcefile(decide) or "").resolve().relative_to(_ROOT).as_posix()
    return Source(path, _coloured("".join(text), PythonLexer(stripnl=False), first))


@lru_cache(maxsize=8)
def source_of_script(path: str) -> Source:
    """A script that a client's page runs, as it stands in its file."""
    return Source(path, _coloured((_ROOT / path).read_text(), JavascriptLexer(stripnl=False), 1))


def _coloured(source: str, lexer: Lexer, first: int) -> list[tuple[int, list[tuple[str, str]]]]:
    """The lines of a source, numbered from `first`, each in pieces of one colour."""
    lines: list[tuple[int, list[tuple[str, str]]]] = [(first, [])]
    for kind, piece in lexer.get_tokens(source):
        style = _css_class(kind)
        for place, part in enumerate(piece.split("\n")):
            if place:
                lines.append((lines[-1][0] + 1, []))
            if part:
                lines[-1][1].append((style, part))
    while lines and not lines[-1][1]:
        lines.pop()
    return lines


def _css_class(kind: _TokenType) -> str:
    """Pygments' own short class name of a token, or of the nearest kind above it that has one."""
    while kind not in STANDARD_TYPES and kind.parent:
        kind = kind.parent
    return STANDARD_TYPES[kind]
