"""base64url (RFC 4648 §5): read as far as it goes, with what is wrong said; and which characters carry which bytes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_KNOWN = frozenset(ALPHABET.encode())
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True)
class Decoded:
    """The bytes that could be read, and a sentence for each thing that base64url would not have (RFC 7515 §2)."""

    data: bytes
    problems: tuple[str, ...] = ()


def encode(data: bytes) -> str:
    """Without padding, as JOSE has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> Decoded:
    """Never raises. The older alphabet is taken for this one, padding and characters of neither are left out."""
    problems = []
    sent = text.encode("utf-8", "replace")
    bare = sent.rstrip(b"=")
    if bare != sent:
        problems.append("It ends with padding (`=`), which base64url in a token leaves out.")
    if b"+" in bare or b"/" in bare:
        problems.append("It holds `+` or `/`: standard base64, where base64url (`-` and `_`) was meant.")
        bare = bare.replace(b"+", b"-").replace(b"/", b"_")
    strange = set(bare) - _KNOWN
    if strange:
        named = " ".join(
            f"`{chr(byte)}`" if 0x20 < byte < 0x7F else f"byte {byte:#04x}" for byte in sorted(strange)[:5]
        )
        problems.append(f"It holds what base64url does not have: {named}.")
        bare = bare.translate(None, bytes(strange))
    if len(bare) % 4 == 1:
        problems.append("Its last character stands alone and holds less than a byte: something is cut off.")
        bare = bare[:-1]
    data = binascii.a2b_base64(bare.translate(_TO_STANDARD) + b"=" * (-len(bare) % 4))
    if len(bare) % 4 and encode(data[-(len(data) % 3) :]) != bare[-(len(bare) % 4) :].decode():
        problems.append("Its last character has bits set that belong to no byte, so the same bytes have two spellings.")
    return Decoded(data, tuple(problems))


def characters(start: int, end: int) -> tuple[int, int]:
    """The characters that carry any bit of the bytes from `start` up to `end`, likewise as a half-open range."""
    return start * 8 // 6, -(-end * 8 // 6)
