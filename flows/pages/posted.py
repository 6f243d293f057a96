"""What the forms of the pages for tokens share: how much is read, how a secret is written, which run a token is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from flows.pages.from_run import FromRun, from_run
from flows.runs import Runs

LONGEST_TEXT = 1_000_000  # bytes that are read of what was pasted
MOST_FORM = 4_000_000  # bytes of a form, so that a text that is too long is told so by its size
KINDS = {"": "whatever fits", "text": "text", "hex": "hex", "base64url": "base64url"}  # how a secret is written
OF_RUN = ("run", "exchange", "value")  # the fields that name a token of a recording


@dataclass(frozen=True)
class Example:
    """A token that this app really issued, to be opened on one of these pages."""

    title: str
    says: str
    href: str


def allow_a_long_form() -> None:
    """These pages take more than the others do; RequestEntityTooLarge comes when the form is read."""
    request.max_content_length = request.max_form_memory_size = MOST_FORM


def excess(pasted: str) -> int:
    """The size in bytes of a text that is longer than what is read; 0 for one that is not."""
    size = len(pasted.encode("utf-8", "replace"))
    return size if size > LONGEST_TEXT else 0


def source_of(runs: Runs, given: Mapping[str, str]) -> FromRun:
    """The token of a recording that an address names; LookupError, with a sentence, where it names none."""
    return from_run(runs, *(given.get(name, "") for name in OF_RUN))


def source_still_there(runs: Runs, pasted: str) -> FromRun | None:
    """The recording that the posted form names, while its token still stands in what was pasted."""
    try:
        source = source_of(runs, request.form) if request.form.get("run") else None
    except LookupError:
        return None
    return source if source and source.text in pasted else None
