"""Tokens in compact form within a text: where one begins, its clean characters, and what had to be set right.

A token begins where base64url says `{"`: as `eyJ`. One that has lost its beginning is known by its payload, which
begins so too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.as_it_saw import short
from flows.tokens import base64url, json_text
from flows.tokens.finding import others
from flows.tokens.finding.gather import MASK_OF_LETTERS, Gathered, lengths_of
from flows.tokens.finding.objects import CLAIMS
from flows.tokens.read import Other

_BEGIN = re.compile(r"e(?:yJ|yA|wo|w0|wk)(?<![A-Za-z0-9_\-]e..)")
_JSON = re.compile(rb'\s{0,20}\{\s{0,200}(?:"([^"\x00-\x1f]{1,60})|\}$)')
_BEFORE_A_DOT = re.compile(r"\.(?!\.\.)[A-Za-z0-9_\-]{0,4000}")
_CUT_BEFORE = re.compile(r"\.{3,100}|\u2026")  # read backwards
_HEADER = frozenset({"alg", "enc", "typ", "kid", "jwk", "cty", "x5c", "x5t", "jku", "x5u", "zip", "epk", "b64", "crit"})
_OTHER_CLAIMS = CLAIMS | {"scope", "client_id", "azp", "nonce", "cnf", "name", "email", "_sd", "vct"}
_SHORTEST = 8  # characters: `{"alg"` in base64url
_LOOKED_AT = 4000  # characters of a first part
_MOST_DISCLOSURES = 500


@dataclass(frozen=True)
class Compact:
    """A token's clean text (an Other where it is something else), its place, what was left out and set right."""

    start: int
    end: int
    text: str
    other: Other | None = None
    struck: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_begun: bool = True  # False where its beginning is lost
    may_hold_tokens: bool = False  # JSON that is no header, nor says a claim


def begin_after(text: str, place: int) -> int:
    """The next place where a token may begin; -1 for none."""
    found = _BEGIN.search(text, place)
    return found.start() if found else -1


def how_many_begin(text: str, place: int) -> int:
    return len(_BEGIN.findall(text, place))


def compact_at(text: str, gathered: Gathered, start: int) -> Compact | None:
    """What was gathered there as a token, or with what is before it if its beginning is lost; None for no token."""
    raw = gathered.text
    names = _names(re.split(r"[.~]", raw, maxsplit=1)[0])
    if not names or len(raw) < _SHORTEST:
        return None
    if gathered.is_plain:
        return Compact(start, gathered.end, raw)
    clean, problems, end, struck = _ended(gathered)
    parts = clean.split(".")
    if not names & _HEADER:
        lost = _BEFORE_A_DOT.match(text[max(0, start - 4001) : start][::-1])
        if lost:
            rest = lost.group()[1:][::-1]
            rest = rest if len(rest) >= 10 else ""
            problems = (*problems, "The beginning of it is lost: the first part cannot be a header.")
            start -= 1 + len(rest)
            dots = _CUT_BEFORE.match(text[max(0, start - 100) : start][::-1])
            start, struck = (start - len(dots[0]), (dots[0], *struck)) if dots else (start, struck)
            return Compact(start, end, f"{rest}.{clean}", None, struck, problems, is_begun=False)
        if len(parts) == 3 and 4 <= len(parts[1]) <= 8:
            return Compact(start, end, clean, _signed_cookie(clean, parts), struck, problems)
        if len(parts) < 3 and not names & _OTHER_CLAIMS:
            if len(parts) > 1:
                return None
            return Compact(start, end, clean, _json(clean), struck, problems, may_hold_tokens=True)
        if len(parts) < 3:
            problems = (*problems, "The header is lost: it begins with the payload, so a dot was put in front of it.")
            clean = "." + clean
            return Compact(
                start, end, clean, None, struck, problems, may_hold_tokens=len(parts) == 1 and not names & CLAIMS
            )
    return Compact(start, end, clean, None, struck, problems)


def piece_of(text: str) -> Other | None:
    """A text that is base64url throughout, and of which some alignment gives the end of JSON; None for others."""
    if not re.fullmatch(r"[A-Za-z0-9_\-]{24,}(?:\.[A-Za-z0-9_\-]*){0,4}", text):
        return None
    first = text.split(".", 1)[0]
    for lost in range(4):
        data = base64url.decode("A" * lost + first).data
        found = re.search(rb'[\x20-\x7e]{0,10000}":[\x20-\x7e]{1,10000}$', data[-10_000:])
        if found and len(found.group()) * 2 > len(data[-10_000:]):
            return others.piece(text, found.group().decode("ascii"))
    return None


def _names(first: str) -> set[str]:
    """The names that the JSON of a first part begins with; none for what is no JSON object."""
    data = base64url.decode(first[:_LOOKED_AT]).data
    found = _JSON.match(data)
    if not found:
        return set()
    named = {(found[1] or b"").decode("utf-8", "replace")}
    return named | {member.name for member in json_text.read(data).members}


def _ended(gathered: Gathered) -> tuple[str, tuple[str, ...], int, tuple[str, ...]]:
    """Clean text, sentences, where it ends with what stands for the rest of it, and what of that was left out."""
    clean, problems, cut = _set_right(gathered.text)
    if cut:
        return clean, problems, gathered.end - cut, (*gathered.struck, gathered.text[-cut:])
    mask = gathered.mask
    parts = clean.split(".")
    if len(parts) == 3 and MASK_OF_LETTERS.fullmatch(parts[2]):
        clean, mask = clean[: -len(parts[2])], parts[2] + mask
    if mask or gathered.is_masked:
        problems = (*problems, "Its signature was masked.")
    elif gathered.is_shortened:
        problems = (*problems, "It was shortened: dots stand for a piece of it.")
    elif gathered.rest and not gathered.is_whole:
        problems = (*problems, "It was shortened: dots stand for the rest.")
    end = gathered.end + len(gathered.mask) + len(gathered.rest)
    return clean, problems, end, (*gathered.struck, *(each for each in (mask, gathered.rest) if each))


def _set_right(raw: str) -> tuple[str, tuple[str, ...], int]:
    """Base64url of what was gathered, a sentence for each thing that was not so, and how much was cut off its end."""
    problems = []
    clean = raw
    if clean.endswith("..") and len(clean.rstrip(".").split(".")) != 2:
        clean = clean.rstrip(".")
        problems.append("It was shortened: dots stand for the rest.")
    elif clean.endswith(".") and clean.count(".") in (3, 5):
        clean = clean[:-1]
    if "/" in clean and _ends_at_slash(clean):
        clean = clean.split("/", 1)[0]
    cut = len(raw) - len(clean)
    if "=" in clean:
        clean = clean.replace("=", "")
        problems.append("Padding (`=`) was left out: base64url in a token has none.")
    if "+" in clean or "/" in clean:
        clean = clean.replace("+", "-").replace("/", "_")
        problems.append("It came in standard base64: `+` and `/` were made `-` and `_`, for base64url was meant.")
    if clean.count("~") > _MOST_DISCLOSURES:
        clean = "~".join(clean.split("~", _MOST_DISCLOSURES + 1)[:-1]) + "~"
        problems.append(f"Only its first {_MOST_DISCLOSURES} disclosures were read.")
    return clean, tuple(problems), cut


def _ends_at_slash(clean: str) -> bool:
    """Whether a path goes on after the first slash: the signature is whole before it, or is base64url till there."""
    parts = clean.split("/", 1)[0].split(".")
    return len(parts) == 3 and (len(parts[2]) in lengths_of(parts[0]) or bool(re.search(r"[_\-]", parts[2])))


def _json(text: str) -> Other:
    read = json_text.read(base64url.decode(text).data)
    return Other(
        text,
        "piece of JSON in base64",
        "It is JSON in base64, but no token's header or payload: it names no `alg` and no claim, and nothing signs it.",
        "7515#section-4.1.1",
        tuple((each.name, short(each.text)) for each in read.members[:50]),
        read.problems,
    )


def _signed_cookie(text: str, parts: list[str]) -> Other:
    read = json_text.read(base64url.decode(parts[0]).data)
    return Other(
        text,
        "signed cookie",
        "It looks like a cookie signed by itsdangerous, as Flask's sessions are: JSON that anyone can read, a time, "
        "and an HMAC. It is no JWT: no header says how it is signed.",
        "",
        tuple((each.name, short(each.text)) for each in read.members[:50]),
        read.problems,
    )
