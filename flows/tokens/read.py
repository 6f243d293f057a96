"""A token's parts: what kind it is, and all that can be read of it, without believing any of it.

Compact or JSON, signed (RFC 7515), encrypted (RFC 7516) or with disclosures (RFC 9901). Nothing here raises: what is
wrong with a token is part of what is read.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flows.tokens import base64url, json_text
from flows.tokens.json_text import JSONText, Member


@dataclass(frozen=True)
class Part:
    """One part: its characters as sent, its bytes, and its JSON where it is meant to be JSON.

    `problems` are sentences about its characters; those about its JSON are the JSON's own.
    """

    name: str
    encoded: str
    data: bytes
    problems: tuple[str, ...] = ()
    json: JSONText | None = None


@dataclass(frozen=True)
class Header:
    """The members of all headers that speak for one signature or recipient, protected ones first (RFC 7515 §4)."""

    protected: Part | None
    others: tuple[tuple[str, JSONText], ...] = ()  # (what it is called, its members), as a JSON form has them

    @cached_property
    def members(self) -> tuple[Member, ...]:
        own = self.protected.json.members if self.protected and self.protected.json else ()
        return own + tuple(member for _, other in self.others for member in other.members)

    @cached_property
    def object(self) -> dict[str, Any]:
        """Name → value; of repeated names the first."""
        return {member.name: member.value for member in reversed(self.members)}

    @cached_property
    def repeated(self) -> tuple[str, ...]:
        """Names that stand more than once, in one header or in two (RFC 7515 §4)."""
        times = Counter(member.name for member in self.members)
        within = self.protected.json.repeated if self.protected and self.protected.json else ()
        return tuple(dict.fromkeys([*within, *(name for name, count in times.items() if count > 1)]))

    def text(self, name: str) -> str:
        """The value of a member that is a string; "" for none, or one of another type."""
        value = self.object.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Signature:
    """One signature of a token, with the header that says how it was made."""

    header: Header
    signature: Part


@dataclass(frozen=True)
class Disclosure:
    """What an SD-JWT shows here: a salt, a name (None for an element of an array) and a value (RFC 9901 §4.2)."""

    encoded: str
    salt: Any
    name: str | None
    value: Any
    problem: str = ""


@dataclass(frozen=True)
class Signed:
    """A JWS in any of its forms. `form` is "compact", "flattened JSON" or "general JSON".

    With disclosures it is an SD-JWT; `disclosures` is None for a JWS that is none. `detached` says that the payload
    came from beside the token (RFC 7515 Appendix F).
    """

    text: str
    form: str
    payload: Part
    signatures: tuple[Signature, ...]
    disclosures: tuple[Disclosure, ...] | None = None
    key_binding: Signed | None = None
    detached: bool = False
    problems: tuple[str, ...] = ()

    @cached_property
    def claims(self) -> dict[str, Any] | None:
        """The payload's members by name; None if it is no JSON object."""
        return self.payload.json.object if self.payload.json and self.payload.json.is_object else None

    @property
    def is_unsecured(self) -> bool:
        """Whether every header says that there is no signature, in whatever spelling."""
        return all(each.header.text("alg").lower() == "none" for each in self.signatures)


@dataclass(frozen=True)
class Recipient:
    """One of those a JWE can be opened by."""

    header: Header
    encrypted_key: Part


@dataclass(frozen=True)
class Encrypted:
    """A JWE in any of its forms; `form` as in Signed."""

    text: str
    form: str
    recipients: tuple[Recipient, ...]
    iv: Part
    ciphertext: Part
    tag: Part
    aad: Part | None = None
    problems: tuple[str, ...] = ()
    as_json: dict[str, Any] = field(default_factory=dict)  # what a JSON form holds, as its members


@dataclass(frozen=True)
class Other:
    """No JOSE token: what it is called, what can be known of it, and what cannot. `facts` are (name, value)."""

    text: str
    kind: str
    says: str
    rfc: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()


Token = Signed | Encrypted | Other

_MOST_ENTRIES = 100  # signatures or recipients of a general form
_OF_SIGNED = ("payload", "signature", "signatures")
_MOST_DISCLOSURES = 500
_JWE_PARTS = ("header", "encrypted_key", "iv", "ciphertext", "tag")


def read(text: str, detached: bytes | None = None) -> Signed | Encrypted:
    """Read what was found to be a JOSE token, compact or JSON; `detached` is a payload that travelled beside it.

    A text with dots is a JWE from five parts on and a JWS otherwise, whatever is missing; one with `~` is an SD-JWT.
    """
    if text.lstrip().startswith("{"):
        return _read_json(text, detached)
    if "~" in text:
        return _read_sd_jwt(text)
    parts = text.split(".")
    header = _header(parts[0])
    if len(parts) >= 5 or "enc" in header.object:
        return _read_jwe(text, parts, header)
    return _read_jws(text, parts, header, detached)


def is_b64(header: Header) -> bool:
    """Whether the payload is base64url-encoded for signing: unless a protected `b64` says not (RFC 7797 §3)."""
    protected = header.protected.json.object if header.protected and header.protected.json else {}
    return protected.get("b64") is not False


def signing_input(token: Signed, signature: Signature) -> bytes:
    """The bytes that a signature is made over: the header and the payload as sent, a dot between (RFC 7515 §5.1)."""
    protected = signature.header.protected
    start = (protected.encoded if protected else "").encode("utf-8", "replace") + b"."
    if not is_b64(signature.header):
        return start + token.payload.data
    if token.detached:
        return start + base64url.encode(token.payload.data).encode()
    return start + token.payload.encoded.encode("utf-8", "replace")


def part(name: str, encoded: str, *, is_json: bool = False) -> Part:
    """A part of its base64url characters."""
    decoded = base64url.decode(encoded)
    return Part(name, encoded, decoded.data, decoded.problems, json_text.read(decoded.data) if is_json else None)


def _header(encoded: str) -> Header:
    return Header(part("header", encoded, is_json=True))


def _payload(encoded: str, header: Header, detached: bytes | None) -> Part:
    """The payload. It may be anything; what looks like JSON is read as JSON, and its problems are told there."""
    if detached is not None and not encoded:
        return _with_json(Part("payload", "", detached))
    if not is_b64(header):
        return _with_json(Part("payload", encoded, encoded.encode("utf-8", "replace")))
    return _with_json(part("payload", encoded))


def _with_json(payload: Part) -> Part:
    if payload.data.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] != b"{":
        return payload
    return replace(payload, json=json_text.read(payload.data))


def _read_jws(text: str, parts: list[str], header: Header, detached: bytes | None = None) -> Signed:
    problems = []
    if len(parts) < 3:
        names = ("a header", "a header and a payload")[len(parts) - 1]
        problems.append(f"A signed token has three parts, and this has {len(parts)}: {names}. The rest is cut off.")
    elif len(parts) > 3:
        problems.append(f"A signed token has three parts, and this has {len(parts)}.")
    encoded = [*parts, "", ""]
    payload = _payload(encoded[1], header, detached)
    signature = Signature(header, part("signature", encoded[2]))
    return Signed(
        text,
        "compact",
        payload,
        (signature,),
        detached=detached is not None and not encoded[1],
        problems=tuple(problems),
    )


def _read_jwe(text: str, parts: list[str], header: Header) -> Encrypted:
    problems = []
    if len(parts) != 5:
        problems.append(f"An encrypted token has five parts, and this has {len(parts)}.")
    encoded = [*parts, *[""] * 5]
    of = {name: part(name, each) for name, each in zip(_JWE_PARTS[1:], encoded[1:5], strict=True)}
    recipient = Recipient(header, of["encrypted_key"])
    return Encrypted(text, "compact", (recipient,), of["iv"], of["ciphertext"], of["tag"], problems=tuple(problems))


def _read_sd_jwt(text: str) -> Signed:
    """An issuer-signed JWT, its disclosures, and a JWT that binds it to a key, parted by `~` (RFC 9901 §4)."""
    first, *disclosed, last = text.split("~")
    jwt = _read_jws(first, first.split("."), _header(first.split(".")[0]))
    return _with_disclosures(replace(jwt, text=text), disclosed, last)


def _with_disclosures(jwt: Signed, disclosed: list[str], last: str) -> Signed:
    """A signed token with what came along: not more disclosures than a page can show, and what binds it to a key."""
    problems = jwt.problems
    if len(disclosed) > _MOST_DISCLOSURES:
        problems += (f"It has {len(disclosed):,} disclosures; the first {_MOST_DISCLOSURES} were read.",)
    disclosures = tuple(_disclosure(each) for each in disclosed[:_MOST_DISCLOSURES])
    binding = _read_jws(last, last.split("."), _header(last.split(".")[0])) if last else None
    return replace(jwt, disclosures=disclosures, key_binding=binding, problems=problems)


def _disclosure(encoded: str) -> Disclosure:
    decoded = base64url.decode(encoded)
    read_json = json_text.read(decoded.data)
    value = read_json.value
    if read_json.problems or decoded.problems or not isinstance(value, list) or len(value) not in (2, 3):
        return Disclosure(encoded, None, "", None, "It is no JSON array of a salt, a name and a value.")
    salt, *name, content = value
    if not isinstance(salt, str) or not all(isinstance(each, str) for each in name):
        return Disclosure(encoded, salt, "", content, "Its salt and its name are to be texts.")
    return Disclosure(encoded, salt, name[0] if name else None, content)


def _read_json(text: str, detached: bytes | None) -> Signed | Encrypted:
    """A JWS or a JWE in its JSON form: general with a list, else flattened (RFC 7515 §7.2, RFC 7516 §7.2)."""
    whole = json_text.read(text.encode("utf-8", "surrogatepass"))
    held = whole.object
    problems = [*whole.problems, *(f"`{name}` stands twice in the JSON around it." for name in whole.repeated)]
    if "ciphertext" in held:
        return _read_json_jwe(text, held, problems)
    general = isinstance(held.get("signatures"), list)
    problems += _mixed(held, general, "signatures", ("protected", "header", "signature"))
    entries = _entries(held["signatures"], "signatures", problems) if general else [held]
    signatures = tuple(
        Signature(
            Header(
                _protected(each, problems), _unprotected(("header of this one", each.get("header")), problems=problems)
            ),
            part("signature", _text(each, "signature", problems)),
        )
        for each in entries
    )
    if general and not entries:
        problems.append("It is a general JSON form without any signature.")
    payload = _payload(
        _text(held, "payload", problems, needed=detached is None),
        signatures[0].header if signatures else Header(None),
        detached,
    )
    form = "general JSON" if general else "flattened JSON"
    if not general and "payload" not in held and detached is None:
        problems.append("There is no payload in it; it may have travelled beside the token.")
    if len({is_b64(each.header) for each in signatures}) > 1:
        problems.append("Its signatures say different things of how the payload is encoded (`b64`).")
    signed = Signed(
        text,
        form,
        payload,
        signatures,
        detached=detached is not None and not payload.encoded,
        problems=tuple(dict.fromkeys(problems)),
    )
    disclosed = entries[0].get("header") if entries else None  # RFC 9901 §8.1
    if not isinstance(disclosed, dict) or not isinstance(disclosed.get("disclosures"), list):
        return signed
    binding = disclosed.get("kb_jwt")
    shown = [each if isinstance(each, str) else "" for each in disclosed["disclosures"]]
    return _with_disclosures(signed, shown, binding if isinstance(binding, str) else "")


def _read_json_jwe(text: str, held: dict[str, Any], problems: list[str]) -> Encrypted:
    general = isinstance(held.get("recipients"), list)
    problems += _mixed(held, general, "recipients", ("header", "encrypted_key"))
    problems += [f"It holds `{name}` as well, which belongs to a signed token." for name in _OF_SIGNED if name in held]
    entries = _entries(held["recipients"], "recipients", problems) if general else [held]
    protected = _protected(held, problems)
    shared = _unprotected(("shared header", held.get("unprotected")), problems=problems)
    recipients = tuple(
        Recipient(
            Header(
                protected,
                shared + _unprotected(("header of this recipient", each.get("header")), problems=problems),
            ),
            part("encrypted_key", _text(each, "encrypted_key", problems, needed=False)),
        )
        for each in entries
    )
    aad = part("aad", _text(held, "aad", problems)) if "aad" in held else None
    iv, ciphertext, tag = (part(name, _text(held, name, problems, needed=False)) for name in _JWE_PARTS[2:])
    return Encrypted(
        text,
        "general JSON" if general else "flattened JSON",
        recipients,
        iv,
        ciphertext,
        tag,
        aad,
        tuple(dict.fromkeys(problems)),
        held,
    )


def _entries(held: list[Any], what: str, problems: list[str]) -> list[dict[str, Any]]:
    """The signatures or recipients of a general form, not more than a page can show."""
    if len(held) > _MOST_ENTRIES:
        problems.append(f"It has {len(held):,} {what}; the first {_MOST_ENTRIES} were read.")
    return [each if isinstance(each, dict) else {} for each in held[:_MOST_ENTRIES]]


def _mixed(held: dict[str, Any], general: bool, entries: str, own: tuple[str, ...]) -> list[str]:
    """What two readers could read in two ways: members of the one form beside those of the other."""
    if not general:
        return [f"`{entries}` is no list."] if entries in held else []
    return [f"`{name}` stands beside `{entries}`, where it says something else." for name in own if name in held]


def _protected(entry: dict[str, Any], problems: list[str]) -> Part | None:
    encoded = entry.get("protected")
    if isinstance(encoded, str) and encoded:
        return part("header", json_text.printable(encoded), is_json=True)
    if "protected" in entry:
        problems.append("`protected` is no text, or an empty one.")
    return None


def _unprotected(*headers: tuple[str, Any], problems: list[str]) -> tuple[tuple[str, JSONText], ...]:
    """Headers that stand as JSON objects within the JSON."""
    for called, held in headers:
        if held is not None and not isinstance(held, dict):
            problems.append(f"The {called} is no object.")
    return tuple(
        (called, json_text.read(json.dumps(held).encode()))
        for called, held in headers
        if isinstance(held, dict) and held
    )


def _text(held: dict[str, Any], name: str, problems: list[str], *, needed: bool = True) -> str:
    value = held.get(name)
    if isinstance(value, str):
        return json_text.printable(value)
    if value is not None or needed:
        problems.append(f"`{name}` is {'missing' if value is None else 'no text'}.")
    return ""
