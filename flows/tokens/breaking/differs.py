"""What differs between a token and a copy of it: which characters are new, and what that means, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.tokens import json_text
from flows.tokens.read import Encrypted, Other, Part, Token
from flows.tokens.ring import named

MOST_RUNS, MOST_TOLD = 200, 6  # ranges that are marked one by one, and members that are told


def parts_of(token: Token) -> dict[str, Part]:
    """The parts of a compact token by their names, in their order; empty for what has none."""
    if isinstance(token, Other) or token.form != "compact":
        return {}
    if isinstance(token, Encrypted):
        header = token.recipients[0].header.protected
        key = token.recipients[0].encrypted_key
        found = [header, key, token.iv, token.ciphertext, token.tag]
    else:
        found = [token.signatures[0].header.protected, token.payload, token.signatures[0].signature]
    return {each.name: each for each in found if each}


def compared(original: str, copy: str) -> tuple[tuple[int, int], ...]:
    """Which characters of the copy are new, part by part, as half-open ranges."""
    before, after = _cut(original), _cut(copy)
    ranges = []
    start = 0
    for place, text in enumerate(after):
        old = before[place] if place < len(before) else ""
        ranges += [(start + first, start + end) for first, end in _new(old, text)]
        start += len(text) + 1
    return tuple(ranges)


def told(original: Token, copy: Token) -> str:
    """What differs between a token and its copy, in sentences."""
    before, after = parts_of(original), parts_of(copy)
    sentences = []
    for name in ("header", "payload"):
        if name in before and name in after and before[name].encoded != after[name].encoded:
            sentences += _members_told(name, before[name], after[name])
    for name in (each for each in before if each not in ("header", "payload")):
        old, new = before[name].encoded, after[name].encoded if name in after else ""
        called = name.replace("_", " ")
        if old == new:
            sentences.append(f"The {called} is as it was." if name == "signature" else "")
        elif not new:
            sentences.append(f"The {called} is gone.")
        elif before[name].data == after[name].data:
            sentences.append(f"The {called} is written differently; its bytes are the same.")
        else:
            sentences.append(f"The {called} is another one.")
    return " ".join(each for each in sentences if each)


def text_of(of: Part) -> str:
    """What a part says, as text."""
    return of.json.text if of.json else json_text.printable(of.data.decode("utf-8", "surrogateescape"))


def _cut(text: str) -> list[str]:
    return re.split(r"[.~]", text)


def _new(old: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a text differs from the old one; where one is longer, all between what both begin and end with."""
    if old == text:
        return
    if len(old) == len(text):
        at = [place for place, pair in enumerate(zip(old, text, strict=True)) if pair[0] != pair[1]]
        runs = _runs(at)
        yield from runs if len(runs) <= MOST_RUNS else [(at[0], at[-1] + 1)]
        return
    shorter = min(len(old), len(text))
    begin = next((place for place in range(shorter) if old[place] != text[place]), shorter)
    end = next((place for place in range(shorter - begin) if old[-1 - place] != text[-1 - place]), shorter - begin)
    if begin < len(text) - end:
        yield begin, len(text) - end


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Rising places as half-open ranges."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _members_told(name: str, before: Part, after: Part) -> list[str]:
    """Which members of a header or a payload are other ones, each with what it was and is."""
    old, new = (each.json.members if each.json else () for each in (before, after))
    if not after.json or not after.json.is_object or after.json.problems:
        return [f"The {name} can no longer be read as JSON."]
    was, now = ({each.name: each.text for each in members} for members in (old, new))
    sentences = []
    for each in dict.fromkeys([*was, *now]):
        if was.get(each) == now.get(each):
            continue
        if each not in now:
            sentences.append(f"{named(each)} is gone from the {name}.")
        elif each not in was:
            sentences.append(f"{named(each)} is new in the {name}: {named(now[each])}.")
        else:
            sentences.append(f"{named(each)} in the {name} is {named(now[each])}; it was {named(was[each])}.")
    shown = sentences[:MOST_TOLD]
    rest = [f"So with {len(sentences) - len(shown)} more."] if len(sentences) > len(shown) else []
    return [*shown, *rest] if sentences else [f"The {name} is written differently."]
