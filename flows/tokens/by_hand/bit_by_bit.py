"""How bytes become characters, eight bits and six bits at a time; and what a changed letter changes (RFC 4648 §4).

Nothing here raises, and nothing here judges: that is asked of `flows.tokens.verify`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from joserfc.jwk import OKPKey

from flows.tokens import base64url
from flows.tokens.by_hand.curves import EDWARDS
from flows.tokens.by_hand.eddsa import HASHES, hash_of
from flows.tokens.read import Encrypted, Part, Signature, Signed, is_b64, signing_input
from flows.tokens.ring import AnyKey

GROUPS = 4  # groups of three bytes in a window
BYTES = GROUPS * 3
NEAR = 14  # characters shown on either side of a change
LONGEST_TEXT = 64_000  # characters of a payload in which letters can be changed

_DIGESTS = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@dataclass(frozen=True)
class Byte:
    """A byte, counted from 0, and the text that it is or is a piece of; "" in a part that is no text."""

    at: int
    value: int
    text: str

    @property
    def hex(self) -> str:
        return f"{self.value:02x}"

    @property
    def bits(self) -> str:
        return f"{self.value:08b}"


@dataclass(frozen=True)
class Character:
    """A character, counted from 0, and its place in the alphabet. `filler` are bits at its end that no byte has."""

    at: int
    letter: str
    value: int
    filler: int = 0

    @property
    def bits(self) -> str:
        return f"{self.value:06b}"


@dataclass(frozen=True)
class Bit:
    """One bit: "0" or "1"; which byte and which character of its group it belongs to, None for no byte."""

    digit: str
    byte: int | None
    character: int
    differs: bool = False


@dataclass(frozen=True)
class Group:
    """Up to three bytes and the characters that carry them. `other` is the same group before or after a change."""

    bytes: tuple[Byte, ...]
    characters: tuple[Character, ...]
    other: Group | None = None

    @property
    def bits(self) -> tuple[Bit, ...]:
        digits = "".join(each.bits for each in self.characters)
        others = "".join(each.bits for each in self.other.characters) if self.other else digits
        size = len(self.bytes)
        return tuple(
            Bit(digit, at // 8 if at // 8 < size else None, at // 6, others[at : at + 1] != digit)
            for at, digit in enumerate(digits)
        )

    @property
    def filler(self) -> int:
        return self.characters[-1].filler if self.characters else 0

    @property
    def says(self) -> str:
        """The same in words, for whoever cannot see it."""
        bytes_ = ", ".join(f"{_in_words(each.text)}{each.hex} is {each.bits}" for each in self.bytes)
        letters = ", ".join(f"{each.bits} is {each.value}, {_letter(each.letter)}" for each in self.characters)
        ends = f". The last {self.filler} bits fill up, and belong to no byte" if self.filler else ""
        first, last = self.bytes[0].at + 1, self.bytes[-1].at + 1
        counted = f"Byte {first}" if first == last else f"Bytes {first} to {last}"
        return f"{counted}: {bytes_}. By sixes: {letters}{ends}."


@dataclass(frozen=True)
class Window:
    """A few groups of a part: where they begin, how long the part is, and whether it is text."""

    name: str
    at: int
    groups: tuple[Group, ...]
    size: int
    characters: int
    is_text: bool

    @property
    def end(self) -> int:
        return min(self.at + BYTES, self.size)

    @property
    def back(self) -> int | None:
        return self.at - BYTES if self.at else None

    @property
    def further(self) -> int | None:
        return self.at + BYTES if self.end < self.size else None


@dataclass(frozen=True)
class Pair:
    """A character before and after a change as it is shown, "" where there is none; `at` counts from 0."""

    at: int
    old: str
    new: str
    differs: bool


@dataclass(frozen=True)
class Change:
    """A payload before and after a change, and the token with the second in place of the first.

    `letters` are characters of its text, `pairs` of its base64url, each with some before and behind. `differing` counts
    all characters that are others or gone or new, of `characters` in the longer one; `carried` are the groups of the
    first that differ, before and after. `hashes` are those that the algorithm computes over both signing inputs, `bits`
    how many of their bits differ; the hash is called `hash_name`. They are empty where a key is missing for them.
    """

    old: str
    new: str
    letters: tuple[Pair, ...]
    pairs: tuple[Pair, ...]
    differing: int
    characters: int
    carried: tuple[tuple[Group | None, Group | None], ...]
    token: Signed
    hash_name: str
    hashes: tuple[bytes, bytes]

    @property
    def at(self) -> int:
        """The first letter that is another, counted from 0."""
        return next((each.at for each in self.letters if each.differs), 0)

    @property
    def is_one_letter(self) -> bool:
        differing = sum(1 for each in self.letters if each.differs)
        return len(self.old) == len(self.new) and differing == 1 and self.old[self.at + 1 :] == self.new[self.at + 1 :]

    @property
    def bits(self) -> int:
        return sum((one ^ other).bit_count() for one, other in zip(*self.hashes, strict=True))


def parts(token: Signed | Encrypted, which: int = 0) -> dict[str, Part]:
    """The parts that are base64url, by name and in their order; of a JSON form, those of one signature."""
    entries = token.signatures if isinstance(token, Signed) else token.recipients
    chosen = entries[which if which < len(entries) else 0] if entries else None
    found = [chosen.header.protected] if chosen else []
    if isinstance(token, Signed):
        if not chosen or is_b64(chosen.header):
            found.append(token.payload)
        found += [chosen.signature] if isinstance(chosen, Signature) else []
    else:
        found += [] if chosen is None or isinstance(chosen, Signature) else [chosen.encrypted_key]
        found += [token.iv, token.ciphertext, token.tag, token.aad]
    return {each.name: each for each in found if each and each.data}


def window(part: Part, at: int = 0) -> Window:
    """The groups of a part from the byte `at` on, or from the last window of it where it has fewer bytes."""
    letters, size = _known(part), len(part.data)
    at = max(0, min(at, size - 1)) // BYTES * BYTES
    return Window(part.name, at, _groups(letters, part.data, at, at + BYTES), size, len(letters), _is_text(part.data))


def changed(token: Signed, signature: Signature, alg: str, new: str, key: AnyKey | None = None) -> Change | None:
    """The token with another text as its payload; None where its payload is no text, or is the same.

    EdDSA hashes its public key too, so `key` is needed for its hashes, and only for those.
    """
    old = text_of(token)
    if old is None or old == new:
        return None
    data = new.encode("utf-8", "replace")
    encoded = new if not is_b64(signature.header) else base64url.encode(data)
    payload = replace(token.payload, encoded="" if token.detached else encoded, data=data, problems=(), json=None)
    made = replace(token, payload=payload)
    before = _known(token.payload) if is_b64(signature.header) else old
    pairs = _pairs(before, encoded)
    inputs = signing_input(token, signature), signing_input(made, signature)
    hash_name, one, other = _hashed(alg, key, signature, *inputs)
    return Change(
        old,
        new,
        _around(_pairs(old, new)),
        _around(pairs),
        sum(1 for each in pairs if each.differs),
        len(pairs),
        _carried(token.payload.data, before, data, encoded) if is_b64(signature.header) else (),
        made,
        hash_name,
        (one, other),
    )


def _hashed(
    alg: str, key: AnyKey | None, signature: Signature, before: bytes, after: bytes
) -> tuple[str, bytes, bytes]:
    """What the hash is called that this algorithm computes, and what it makes of both (RFC 8032 §5.1.6 for EdDSA)."""
    if alg[:2] != "Ed":
        digest = _DIGESTS.get(alg.rstrip("K")[-3:], hashlib.sha256)
        return f"SHA-{digest().digest_size * 8}", digest(before).digest(), digest(after).digest()
    name = str(key.curve_name) if isinstance(key, OKPKey) else alg
    if not isinstance(key, OKPKey) or name not in EDWARDS:
        return HASHES.get(name, HASHES["Ed25519"]), b"", b""
    begins = signature.signature.data[: EDWARDS[name].size] + key.public_key.public_bytes_raw()
    return HASHES[name], hash_of(name, begins + before), hash_of(name, begins + after)


def text_of(token: Signed) -> str | None:
    """The payload as text; None where it is none, or is too long for letters to be changed in it."""
    if len(token.payload.data) > LONGEST_TEXT:
        return None
    try:
        return token.payload.data.decode() or None
    except UnicodeDecodeError:
        return None


def suggested(token: Signed) -> int:
    """A letter that is worth a change, counted from 0: the last one of `sub`, or of the first text in the payload."""
    members = token.payload.json.members if token.payload.json else ()
    texts = [each for each in members if isinstance(each.value, str) and each.value.isalnum() and each.value.isascii()]
    chosen = next((each for each in texts if each.name == "sub"), texts[0] if texts else None)
    if chosen is None:
        return max(0, len(text_of(token) or "") - 2)
    return len(token.payload.data[: chosen.end].decode("utf-8", "replace")) - 2


def next_letter(letter: str) -> str:
    """Another one of the same kind: b for a, 1 for 0; and x for what has none."""
    for kind in ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"):
        if letter and letter in kind:
            return kind[(kind.index(letter) + 1) % len(kind)]
    return "x"


def _known(part: Part) -> str:
    """The characters that carry the part's bytes, as they are read: what base64url does not have is left out."""
    if not part.encoded:
        return base64url.encode(part.data)
    if not part.problems:
        return part.encoded
    known = "".join(each for each in part.encoded.replace("+", "-").replace("/", "_") if each in base64url.ALPHABET)
    return known[:-1] if len(known) % 4 == 1 else known


def _groups(letters: str, data: bytes, start: int, end: int) -> tuple[Group, ...]:
    """Those that hold the bytes from `start`, which begins a group, up to `end`."""
    is_text = _is_text(data)
    groups = []
    for at in range(start, min(end, len(data)), 3):
        here = data[at : at + 3]
        texts = _texts(data, at, at + len(here)) if is_text else ("",) * len(here)
        first = at // 3 * 4
        own = letters[first : first + 4]
        filler = len(own) * 6 - len(here) * 8
        groups.append(
            Group(
                tuple(Byte(at + place, *each) for place, each in enumerate(zip(here, texts, strict=True))),
                tuple(
                    Character(
                        first + place, each, base64url.ALPHABET.index(each), filler if place == len(own) - 1 else 0
                    )
                    for place, each in enumerate(own)
                ),
            )
        )
    return tuple(groups)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _texts(data: bytes, start: int, end: int) -> list[str]:
    """For each byte the letter that it is, or is one of several bytes of."""
    found = []
    for at in range(start, end):
        first = at
        while first and data[first] & 0xC0 == 0x80:
            first -= 1
        length = next((n for n, (mask, lead) in enumerate(_LEADS, 1) if data[first] & mask == lead), 1)
        letter = data[first : first + length].decode("utf-8", "replace")
        found.append(_seen(letter))
    return found


_LEADS = (
    (0x80, 0x00),
    (0xE0, 0xC0),
    (0xF0, 0xE0),
    (0xF8, 0xF0),
)  # how many bytes a letter has, by its first (RFC 3629)


def _seen(letter: str) -> str:
    """A letter so that it can be seen: a space as ␣, a control character by its picture."""
    if letter == " ":
        return "␣"
    if letter and letter < " ":
        return chr(0x2400 + ord(letter))
    return letter if letter.isprintable() else "·"  # of half a surrogate pair too, which cannot be sent


def _in_words(text: str) -> str:
    names = {"␣": "space", "␊": "line feed", "␍": "carriage return", '"': "quote", ":": "colon", ",": "comma"}
    names |= {"{": "opening brace", "}": "closing brace", ".": "full stop", "/": "slash"}
    return f"{names.get(text, text)} " if text else ""


def _letter(letter: str) -> str:
    return {"-": "hyphen", "_": "underscore"}.get(letter, f"capital {letter}" if letter.isupper() else letter)


def _pairs(old: str, new: str) -> list[Pair]:
    both = ((at, old[at : at + 1], new[at : at + 1]) for at in range(max(len(old), len(new))))
    return [Pair(at, one, other, one != other) for at, one, other in both]


def _around(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Those about the first that differs."""
    first = next((each.at for each in pairs if each.differs), 0)
    shown = pairs[max(0, first - NEAR) : first + NEAR + 1]
    return tuple(replace(each, old=_seen(each.old), new=_seen(each.new)) for each in shown)


def _carried(
    old: bytes, old_letters: str, new: bytes, new_letters: str
) -> tuple[tuple[Group | None, Group | None], ...]:
    """The first groups that differ, before and after; at most two."""
    first = next(
        (at for at in range(max(len(old), len(new))) if old[at : at + 1] != new[at : at + 1]), min(len(old), len(new))
    )
    found: list[tuple[Group | None, Group | None]] = []
    for at in range(first // 3 * 3, first // 3 * 3 + 6, 3):
        one, other = (
            (_groups(letters, data, at, at + 3) or (None,))[0]
            for letters, data in ((old_letters, old), (new_letters, new))
        )
        if one != other:
            found.append((one and replace(one, other=other), other and replace(other, other=one)))
    return tuple(found)
