"""Values that are known by their form or by the name before them: opaque tokens, codes, credentials, and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flows.tokens import others
from flows.tokens.around import around
from flows.tokens.read import Other

_MOST = 3000  # places looked at for each form
_VALUE = r"[A-Za-z0-9_\-.~+/=|:%!*]"
_NAMED = re.compile(
    r"(?<![A-Za-z0-9])(access_token|refresh_token|id_token_hint|id_token|device_code|subject_token|actor_token"
    r"|registration_access_token|SAMLResponse|SAMLRequest|token|code)"
    rf"(\\{{0,8}}[\"']?\s{{0,10}}[:=]\s{{0,10}}\\{{0,8}}[\"']?)({_VALUE}{{4,}})"
)
_BEARER = re.compile(rf"\b(?:Bearer|DPoP|Token)[ \t]{{1,3}}[\"']?({_VALUE}{{4,}})", re.IGNORECASE)
_BASIC = re.compile(r"\bBasic[ \t]{1,3}([A-Za-z0-9+/_\-]{4,4000}={0,2})", re.IGNORECASE)
_COOKIES = re.compile(r"^[ \t]{0,8}(?:Set-)?Cookie\s{0,3}:([^\n]{1,20000})", re.IGNORECASE | re.MULTILINE)
_COOKIE = re.compile(rf"(?:^|;)\s{{0,3}}([^=;\s]{{1,100}})=({_VALUE}{{16,4000}})")
# Each pattern, with words of which one must be there: looking for a word is a hundred times as fast.
_FORMS = (
    (others.PASETO, (".local.", ".public.")),
    (others.PREFIXED, others.PREFIX_WORDS),
    (others.MACAROON, ("MDA", "AgE", "AgI")),
    (others.SAML, ("PHNhbW", "PD94bW", "PFJlc3", "PEFzc2")),
)
_SAML_XML = re.compile(
    r"<(?:\?xml\b|!DOCTYPE\b(?!\s{1,5}html)|(?:[\w.\-]{1,40}:)?(?:Response|Assertion|AuthnRequest|LogoutRequest|LogoutResponse)[\s>])"
)
_PLACEHOLDER = re.compile(r"[A-Z]+(?:[_\-][A-Z]+)*|[x.*]+|(?:your|my|the)[_\-].*|null|none|true|false|undefined", re.I)
_ENDS_SENTENCE = ".,:!"


@dataclass(frozen=True)
class Value:
    """What was found, and from where to where."""

    start: int
    end: int
    other: Other


def by_form(text: str) -> Iterator[Value]:
    """What is known by how it looks. Values may overlap."""
    if "urn:oasis:names:tc:SAML" in text and (found := _SAML_XML.search(text)):
        end = text.rfind(">") + 1
        if message := others.saml_message(text[found.start() : end]):
            yield Value(found.start(), end, message)
    for form, words in _FORMS:
        for match in islice(form.finditer(text), _MOST) if any(word in text for word in words) else ():
            if other := others.named(match.group()):
                yield Value(match.start(), match.end(), other)


def by_name(text: str) -> Iterator[Value]:
    """What is known by the name before it. Values may overlap; those that tell most come first."""
    lower = text.lower()
    for words, look in (
        (("basic",), _basic),
        (("bearer", "dpop", "token"), _bearer),
        (("token", "code=", "saml"), _named),
        (("cookie",), _in_cookies),
    ):
        if any(word in lower for word in words):
            yield from look(text)


def bare(text: str) -> Other | None:
    """What a text is that is nothing but one value; None for words."""
    return others.named(text) or (others.opaque(text) if others.is_random(text) else None)


def _basic(text: str) -> Iterator[Value]:
    for match in _BASIC.finditer(text):
        if other := others.basic(match[1]):
            yield Value(match.start(1), match.end(1), other)


def _bearer(text: str) -> Iterator[Value]:
    for match in _BEARER.finditer(text):
        value = match[1].rstrip(_ENDS_SENTENCE)
        if len(value) < 4 or _PLACEHOLDER.fullmatch(value):
            continue
        is_header = re.search(
            r"Authorization[\"']?\s{0,3}:\s{0,3}[\"']?$", text[max(0, match.start() - 40) : match.start()], re.I
        )
        if is_header or others.is_random(value):
            yield Value(match.start(1), match.start(1) + len(value), others.named(value) or others.opaque(value))


def _named(text: str) -> Iterator[Value]:
    for match in _NAMED.finditer(text):
        name, joint, value = match[1], match[2], match[3].rstrip(_ENDS_SENTENCE)
        if len(value) < 4 or _PLACEHOLDER.fullmatch(value):
            continue
        if name.startswith("SAML"):
            other = others.saml_message(value)
        elif (name == "code" and not (joint == "=" and _is_code(text, match.start(3), value))) or (
            name == "token" and not others.is_random(value)
        ):
            continue
        else:
            other = others.named(value) or others.opaque(value, name)
        if other:
            yield Value(match.start(3), match.start(3) + len(value), other)


def _is_code(text: str, start: int, value: str) -> bool:
    """Whether `code=` stands in an address or a form: elsewhere it is any code."""
    where = around(text, start)
    return (
        where is not None
        and not value.isdigit()
        and (" of " in where.where or "form" in where.where)
        and ("as the value" not in where.where)
    )


def _in_cookies(text: str) -> Iterator[Value]:
    for line in _COOKIES.finditer(text):
        for match in _COOKIE.finditer(line[1]):
            if others.is_random(match[2]):
                at = line.start(1) + match.start(2)
                yield Value(at, at + len(match[2]), others.named(match[2]) or others.opaque(match[2]))
