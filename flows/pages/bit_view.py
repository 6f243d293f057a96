"""base64url byte by byte: four characters of six bits are three bytes of eight (RFC 4648 §4)."""

from __future__ import annotations

from dataclasses import dataclass

from flows.tokens import base64url
from flows.tokens.read import Part

MOST = 64  # groups of four characters that are shown of a part


@dataclass(frozen=True)
class Group:
    """Up to four characters with their bits, and the whole bytes among these bits, each with its letter."""

    characters: tuple[tuple[str, str], ...]
    bytes: tuple[tuple[str, str], ...]

    @property
    def says(self) -> str:
        """The same in words, for whoever cannot see it."""
        letters = " ".join(letter for letter, _ in self.characters)
        return f"{letters} is {' '.join(f'{byte} {letter}' for byte, letter in self.bytes)}"


@dataclass(frozen=True)
class Bits:
    """The first groups of a part, and how many more there are."""

    name: str
    groups: tuple[Group, ...]
    more: int


def bits(name: str, part: Part) -> Bits:
    """What base64url does not have is left out, as it is when the part is read."""
    known = part.encoded.replace("+", "-").replace("/", "_") if part.problems else part.encoded
    if part.problems:
        known = "".join(letter for letter in known if letter in base64url.ALPHABET)
    shown = (known[at : at + 4] for at in range(0, min(len(known), MOST * 4), 4))
    groups = tuple(_group(text, part.data[at * 3 : at * 3 + 3]) for at, text in enumerate(shown))
    return Bits(name, groups, max(0, -(-len(known) // 4) - MOST))


def _group(text: str, data: bytes) -> Group:
    characters = tuple((letter, f"{base64url.ALPHABET.index(letter):06b}") for letter in text)
    return Group(characters, tuple((f"{byte:02x}", chr(byte) if 0x20 < byte < 0x7F else _named(byte)) for byte in data))


def _named(byte: int) -> str:
    """A space is shown as one; of what is no letter of its own, a dot."""
    return "␣" if byte == 0x20 else "·"
