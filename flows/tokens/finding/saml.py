"""What a SAML message says of itself: issuer, subject, audience, times. Read without entities, without fetching.

SAML is XML that has its own signatures; RFC 7522 says how an assertion serves as a grant.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from xml.parsers import expat

from flows.tokens.finding.budget import Budget

_MOST_BYTES = 1_000_000
_BEGIN = 5000  # bytes within which the root is looked for
_MOST_ELEMENTS = 20_000
_ROOT = re.compile(
    rb"<(?:[\w.\-]{1,40}:)?(Response|Assertion|EncryptedAssertion|AuthnRequest|Logout(?:Request|Response))[\s>/]"
)
_TEXTS = {"Issuer": "issuer", "NameID": "subject", "Audience": "audience", "AuthnContextClassRef": "authenticated by"}
_ATTRIBUTES = {
    ("Conditions", "NotBefore"): "not before",
    ("Conditions", "NotOnOrAfter"): "not on or after",
    ("SubjectConfirmationData", "Recipient"): "recipient",
    ("StatusCode", "Value"): "status",
}
_ROOT_ATTRIBUTES = {
    "ID": "ID",
    "IssueInstant": "issued",
    "Destination": "destination",
    "InResponseTo": "in response to",
}


def xml_of(text: str, budget: Budget) -> tuple[bytes, str] | None:
    """The XML in a text, and how it was packed ("", "base64", "base64, deflated"); None for no SAML.

    It is taken off the budget, and None too once that is spent.
    """
    if budget.is_spent:
        return None
    bare = text.strip()
    if bare.startswith("<"):
        return _checked(bare.encode("utf-8", "replace"), "", budget)
    try:
        data = base64.b64decode(re.sub(r"[\s=]+", "", bare).replace("-", "+").replace("_", "/") + "==")
    except (binascii.Error, ValueError):
        return None
    if data.lstrip().startswith(b"<"):
        return _checked(data, "base64", budget)
    try:
        inflating = zlib.decompressobj(-15)
        begin = inflating.decompress(data, _BEGIN)
        if not _ROOT.search(begin):
            budget.xml -= len(begin)
            return None
        xml = begin + inflating.decompress(inflating.unconsumed_tail, _MOST_BYTES - len(begin))
    except zlib.error:
        return None
    return _checked(xml, "base64, deflated", budget)


def facts(xml: bytes, budget: Budget) -> tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What message it is, (name, value) of what it says, and what is wrong with it. A name may come more than once."""
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters
    parser.StartDoctypeDeclHandler = reading.refuse
    try:
        parser.Parse(xml[:_MOST_BYTES], True)
    except _Stop as stopped:
        reading.problems.append(stopped.says)
    except expat.ExpatError as error:
        if not reading.is_over:
            reading.problems.append(f"The XML goes wrong on line {error.lineno}: {expat.ErrorString(error.code)}.")
    except (ValueError, LookupError):  # an encoding that is not known
        reading.problems.append("The XML is in an encoding that is not read here.")
    budget.elements -= reading.elements
    return reading.root, tuple(reading.facts.items()), tuple(reading.problems)


class _Stop(Exception):
    def __init__(self, says: str) -> None:
        self.says = says


class _Reading:
    def __init__(self) -> None:
        self.root = ""
        self.facts: dict[str, str] = {}
        self.problems: list[str] = []
        self.is_over = False
        self.elements = self._depth = 0
        self._within = ""
        self._text = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._depth += 1
        self.elements += 1
        if self.elements > _MOST_ELEMENTS:
            raise _Stop(f"It has more than {_MOST_ELEMENTS:,} elements; the rest was not read.")
        if self._depth == 1:
            self.root = name
            for attribute, says in _ROOT_ATTRIBUTES.items():
                self._tell(says, attributes.get(attribute, ""))
        for attribute, value in attributes.items():
            self._tell(_ATTRIBUTES.get((name, attribute), ""), value)
        if name == "Signature":
            self._tell("signed", "yes, with an XML signature, which is not verified here")
        if name in ("EncryptedAssertion", "EncryptedID"):
            self._tell("encrypted", "yes: what it says of the subject cannot be read without the key")
        self._within, self._text = _TEXTS.get(name, ""), ""

    def end(self, name: str) -> None:
        self._depth -= 1
        self.is_over = not self._depth
        self._tell(self._within, self._text.strip())
        self._within = ""

    def characters(self, text: str) -> None:
        if self._within and len(self._text) < 1000:
            self._text += text

    def refuse(self, *_: object) -> None:
        raise _Stop("It declares a document type, which SAML has no use for and which may define entities: not read.")

    def _tell(self, name: str, value: str) -> None:
        if name and value and value not in self.facts.get(name, "").split(", ") and len(self.facts.get(name, "")) < 500:
            self.facts[name] = ", ".join(filter(None, (self.facts.get(name), value[:500])))


def _checked(xml: bytes, packed: str, budget: Budget) -> tuple[bytes, str] | None:
    if not _ROOT.search(xml[:_BEGIN]):
        return None
    budget.xml -= len(xml)
    return None if budget.is_spent else (xml, packed)
