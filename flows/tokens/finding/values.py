"""Values that are known by their form or by the name before them: opaque tokens, codes, credentials, and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.tokens.finding import others
from flows.tokens.finding.around import around
from flows.tokens.finding.budget import Budget
from flows.tokens.read import Other

_NEAR = 500  # characters before a code in which is looked for what it stands in
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


def by_form(text: str, budget: Budget) -> Iterator[Value | None]:
    """What is known by how it looks; None for each place that was looked at in vain. Values may overlap."""
    if "urn:oasis:names:tc:SAML" in text and (found := _SAML_XML.search(text)):
        end = text.rfind(">") + 1
        if message := others.saml_message(text[found.start() : end], budget):
            yield Value(found.start(), end, message)
    for form, words in _FORMS:
        for match in form.finditer(text) if any(word in text for word in words) else ():
            other = others.named(match.group(), budget)
            yield Value(match.start(), match.end(), other) if other else None


def by_name(text: str, budget: Budget) -> Iterator[Value | None]:
    """What is known by the name before it; None for each place that was looked at in vain.

    Values may overlap; those that tell most come first.
    """
    lower = text.lower()
    for words, look in (
        (("basic",), _basic),
        (("bearer", "dpop", "token"), _bearer),
        (("token", "code=", "saml"), _named),
        (("cookie",), _in_cookies),
    ):
        if any(word in lower for word in words):
            yield from look(text, budget)


def bare(text: str) -> Other | None:
    """What a text is that is nothing but one value; None for words."""
    return others.named(text) or (others.opaque(text) if others.is_random(text) else None)


def _basic(text: str, _: Budget) -> Iterator[Value | None]:
    for match in _BASIC.finditer(text):
        other = others.basic(match[1])
        yield Value(match.start(1), match.end(1), other) if other else None


def _bearer(text: str, budget: Budget) -> Iterator[Value | None]:
    for match in _BEARER.finditer(text):
        value = match[1].rstrip(_ENDS_SENTENCE)
        if len(value) < 4 or _PLACEHOLDER.fullmatch(value):
            continue
        is_header = re.search(
            r"Authorization[\"']?\s{0,3}:\s{0,3}[\"']?$", text[max(0, match.start() - 40) : match.start()], re.I
        )
        if is_header or others.is_random(value):
            other = others.named(value, budget) or others.opaque(value)
            yield Value(match.start(1), match.start(1) + len(value), other)
        else:
            yield None


def _named(text: str, budget: Budget) -> Iterator[Value | None]:
    for match in _NAMED.finditer(text):
        name, joint, value = match[1], match[2], match[3].rstrip(_ENDS_SENTENCE)
        if len(value) < 4 or _PLACEHOLDER.fullmatch(value):
            continue
        if name.startswith("SAML"):
            other = others.saml_message(value, budget)
        elif name == "code" and (joint != "=" or value.isdigit()):
            continue
        elif (name == "code" and not _is_code(text, match.start(3))) or (
            name == "token" and not others.is_random(value)
        ):
            other = None
        else:
            other = others.named(value, budget) or others.opaque(value, name)
        yield Value(match.start(3), match.start(3) + len(value), other) if other else None


def _is_code(text: str, start: int) -> bool:
    """Whether `code=` stands in an address or a form: elsewhere it is any code."""
    where = around(text, start, _NEAR)
    return (
        where is not None and (" of " in where.where or "form" in where.where) and ("as the value" not in where.where)
    )


def _in_cookies(text: str, budget: Budget) -> Iterator[Value | None]:
    for line in _COOKIES.finditer(text):
        for match in _COOKIE.finditer(line[1]):
            if others.is_random(match[2]):
                at = line.start(1) + match.start(2)
                yield Value(at, at + len(match[2]), others.named(match[2], budget) or others.opaque(match[2]))
            else:
                yield None
