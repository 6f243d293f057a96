"""Text that stands within another in base64, as in a Secret of Kubernetes: where it may be, and what it says.

Text in base64 is known by its bytes, which are below 0x80: so every fourth character is one of the first 32 letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.tokens import base64url

# Lines that follow are taken along, as `base64` wraps what it writes, unless one begins as a token does.
_RUN = re.compile(
    r"(?<![A-Za-z0-9+/_\-])(?:[A-Za-f][A-Za-z0-9+/_\-]{3}){8}[A-Za-z0-9+/_\-]*+"
    r"(?:\r?\n[ \t]{0,20}(?!ZXlK|eyJ)(?:[A-Za-z0-9+/_\-]{4,}+|[A-Za-z0-9+/_\-]{2,3}(?==))"
    r"(?=={0,2}[ \t\"']{0,3}(?:[\r\n]|\Z)))*+={0,2}"
)
_HOLDS = re.compile(r"e(?:yJ|yA|wo|w0|wk)|[Tt]oken|[Bb]earer|\.(?:local|public)\.")


def runs(text: str) -> Iterator[tuple[int, int]]:
    """From where to where text may stand in base64."""
    for found in _RUN.finditer(text):
        yield found.span()


def decoded(encoded: str) -> str:
    """The text that was encoded, if a token may be in it; "" for bytes that are no text, and for any other text."""
    if not _is_text(base64url.decode(encoded[:32]).data):
        return ""
    text = base64url.decode("".join(encoded.split())).data.decode("utf-8", "replace")
    return text if _HOLDS.search(text) else ""


def _is_text(data: bytes) -> bool:
    return data.isascii() and data.decode().replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
