"""Tokens made: signed, encrypted, signed and then encrypted, with claims behind digests, or unsecured.

PyJWT signs and joserfc encrypts. Nothing here raises on what was typed: either there is a token, or there are the
sentences that say why there is none. What is given in is never changed, and no key is kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import jwt
from joserfc import jwe
from joserfc.jwk import OctKey

from flows.tokens import base64url
from flows.tokens.making import fit
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING
from flows.tokens.making.typed_json import NotJSON, object_of, value_of
from flows.tokens.ring import Held, named
from flows.tokens.times import is_milliseconds, is_time

Kind = Literal["signed", "encrypted", "nested", "sd-jwt", "unsecured"]
KINDS: dict[Kind, str] = {
    "signed": "Signed",
    "encrypted": "Encrypted",
    "nested": "Signed, then encrypted",
    "sd-jwt": "With claims to disclose (SD-JWT)",
    "unsecured": "Unsecured",
}
ROUNDS = 10_000  # of PBES2; some libraries open no token with more than 16,384
FEWEST_ROUNDS, MOST_ROUNDS = 1_000, 300_000  # what joserfc takes
MOST_DECOYS = 100
MOST_CLAIMS = 10_000
SALT = 16  # bytes (RFC 9901 §9.3)
NEVER_HIDDEN = ("iss", "exp", "nbf", "cnf", "aud")  # what a verifier needs to refuse a token (RFC 9901 §9.7)
RESERVED = ("_sd", "...", "_sd_alg")

_TYPES: dict[str, tuple[type, str]] = {  # header members that must be of one type (RFC 7515 §4.1)
    **dict.fromkeys(("typ", "kid", "cty", "jku", "x5u", "x5t", "x5t#S256", "apu", "apv"), (str, "a text")),
    "jwk": (dict, "an object"),
    "x5c": (list, "a list"),
}
_NOT_OFFERED = {
    "crit": "a reader that does not understand what it names must refuse the token (RFC 7515 §4.1.11)",
    "b64": "a payload that is not encoded travels beside its token (RFC 7797 §5)",
    "zip": "the length of what was compressed can tell what is inside (RFC 8725 §3.6)",
}
_PRIVATE = {"d", "k", "p", "q", "dp", "dq", "qi", "oth"}  # members of a JWK that nobody else may see
_COMPUTED = {"epk", "iv", "tag", "p2s"}  # header members that encrypting adds
_PASSWORD_BYTES = {"PBES2-HS256+A128KW": 16, "PBES2-HS384+A192KW": 24, "PBES2-HS512+A256KW": 32}


@dataclass(frozen=True)
class Wanted:
    """What is to be made, as it was typed.

    `claims` is JSON text; with `is_text` it is any text at all. `alg` and `key` sign; `encrypt` is the `alg` of the
    encryption, `enc` that of the content, and `recipient` whose key it is for. `header` is JSON text with further
    members. `hide` names claims that an SD-JWT keeps behind digests, `show` those of them that are disclosed.
    """

    kind: Kind = "signed"
    claims: str = "{}"
    is_text: bool = False
    alg: str = "ES256"
    key: Held | None = None
    encrypt: str = "ECDH-ES+A256KW"
    enc: str = "A256GCM"
    recipient: Held | None = None
    typ: str = "JWT"
    kid: str = ""
    header: str = ""
    hide: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    decoys: int = 0

    @property
    def is_signed(self) -> bool:
        return self.kind in ("signed", "nested", "sd-jwt")

    @property
    def is_encrypted(self) -> bool:
        return self.kind in ("encrypted", "nested")


@dataclass(frozen=True)
class Problem:
    """Why there is no token: the field that it is about, and a sentence."""

    field: str
    says: str


@dataclass(frozen=True)
class Hidden:
    """A claim behind a digest: its disclosure as it is written, and whether it goes along with the token."""

    name: str
    disclosure: str
    is_shown: bool


@dataclass(frozen=True)
class Made:
    """A token, what it is, and sentences that whoever made it should know.

    `claims` are those that were typed, None where the payload is no JSON object; `signing` and `encrypting` the headers
    that the libraries were given, None where they were not asked.
    """

    text: str
    kind: Kind
    payload: bytes
    claims: dict[str, Any] | None
    signing: dict[str, Any] | None = None
    encrypting: dict[str, Any] | None = None
    hidden: tuple[Hidden, ...] = ()
    notes: tuple[str, ...] = ()


class Refused(ValueError):
    """It cannot be made; the message is a sentence about the field."""

    def __init__(self, of: str, says: str) -> None:
        super().__init__(says)
        self.field = of


Value = TypeVar("Value")


@dataclass
class _Making:
    """What could be taken of what is wanted, and what could not."""

    problems: list[Problem] = field(default_factory=list)

    def take(self, read: Callable[..., Value], *given: Any) -> Value | None:
        try:
            return read(*given)
        except Refused as problem:
            self.problems.append(Problem(problem.field, str(problem)))
            return None


def make(wanted: Wanted) -> Made | tuple[Problem, ...]:
    """The token, or all that is in its way."""
    making = _Making()
    payload = making.take(_payload, wanted)
    members = making.take(_members, wanted)
    kid = making.take(_kid, wanted, members or {})
    if wanted.is_signed:
        making.take(_check_signing, wanted, kid or "")
    if wanted.is_encrypted:
        making.take(_check_encrypting, wanted, kid or "" if wanted.kind == "encrypted" else "")
    if wanted.kind == "sd-jwt" and payload is not None:
        making.take(_check_hiding, wanted, payload.claims)
    if making.problems or payload is None or members is None:
        return tuple(making.problems)
    if kid:
        members = {"kid": kid, **members}
    made = making.take(_made, wanted, payload, members)
    return made or tuple(making.problems)


def too_many(claims: int) -> str:
    """The sentence for more claims than are made."""
    return f"Claims: there are {claims:,}, and at most {MOST_CLAIMS:,} are made into a token."


def compact(value: Any) -> bytes:
    """JSON without spaces, in ASCII, as PyJWT writes claims."""
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True)
class _Payload:
    """What is to be signed or encrypted: its bytes, and its claims where they are a JSON object."""

    data: bytes
    claims: dict[str, Any] | None


def _payload(wanted: Wanted) -> _Payload:
    if wanted.is_text:
        if wanted.kind in ("nested", "sd-jwt"):
            raise Refused("claims", "Claims: this kind of token holds claims, so they must be a JSON object.")
        return _Payload(wanted.claims.replace("\r\n", "\n").encode("utf-8", "replace"), None)
    try:
        read = object_of if wanted.kind in ("nested", "sd-jwt") else value_of
        value = read(wanted.claims, "Claims")
    except NotJSON as problem:
        raise Refused("claims", str(problem)) from None
    if isinstance(value, dict) and len(value) > MOST_CLAIMS:
        raise Refused("claims", too_many(len(value)))
    return _Payload(compact(value), value if isinstance(value, dict) else None)


def _members(wanted: Wanted) -> dict[str, Any]:
    """The further members of the header. What has a field of its own is not taken from here, or only if it says the
    same."""
    try:
        members = object_of(wanted.header, "Header") if wanted.header.strip() else {}
    except NotJSON as problem:
        raise Refused("header", str(problem)) from None
    own = {"alg": _alg(wanted), "enc": wanted.enc if wanted.kind == "encrypted" else "", "typ": wanted.typ}
    for name, value in own.items():
        if name in members and members[name] != value and (value or name != "typ"):
            raise Refused("header", f"Header: `{name}` has a field of its own, which says {named(value or 'nothing')}.")
    for name, value in members.items():
        _check_member(wanted, name, value)
    typ = {"typ": wanted.typ} if wanted.typ else {}
    return {**typ, **{name: value for name, value in members.items() if name not in ("alg", "enc")}}


def _alg(wanted: Wanted) -> str:
    return "none" if wanted.kind == "unsecured" else wanted.encrypt if wanted.kind == "encrypted" else wanted.alg


def _check_member(wanted: Wanted, name: str, value: Any) -> None:
    takes, called = _TYPES.get(name, (None, ""))
    if takes and not isinstance(value, takes):
        raise Refused("header", f"Header: `{name}` must be {called}.")
    if name == "jwk" and _PRIVATE & value.keys():
        private = ", ".join(f"`{each}`" for each in value if each in _PRIVATE)
        raise Refused("header", f"Header: `jwk` holds a private key ({private}), and everybody can read the header.")
    if name in _NOT_OFFERED:
        raise Refused("header", f"Header: `{name}` is not offered: {_NOT_OFFERED[name]}.")
    if wanted.kind != "encrypted":
        return
    if name in _COMPUTED:
        raise Refused("header", f"Header: `{name}` is made anew each time something is encrypted.")
    if name in ("apu", "apv") and base64url.decode(value).problems:
        raise Refused("header", f"Header: `{name}` must be base64url (RFC 7518 §4.6.1).")
    if name == "p2c" and (type(value) is not int or not FEWEST_ROUNDS <= value <= MOST_ROUNDS):
        raise Refused("header", f"Header: `p2c` is a number of rounds from {FEWEST_ROUNDS:,} to {MOST_ROUNDS:,}.")


def _kid(wanted: Wanted, members: dict[str, Any]) -> str:
    """The `kid` that was typed, or the key's own where none was."""
    kid = members.get("kid", "")
    if wanted.kid and kid and kid != wanted.kid:
        raise Refused("header", f"Header: `kid` has a field of its own, which says {named(wanted.kid)}.")
    held = wanted.key if wanted.is_signed else wanted.recipient if wanted.kind == "encrypted" else None
    own = held.members.get("kid") if held else None
    return str(wanted.kid or kid or (own if isinstance(own, str) else ""))


def _check_signing(wanted: Wanted, kid: str) -> None:
    if wanted.alg not in SIGNING:
        raise Refused("alg", f"{named(wanted.alg)} is no algorithm that signs here; these do: {', '.join(SIGNING)}.")
    if wanted.key is None:
        raise Refused("key", f"Signing with {wanted.alg} needs a private key or a secret.")
    why = fit.to_sign(wanted.key, wanted.alg, kid)
    if why:
        raise Refused("key", f"{_called(wanted.key)}: {why}")


def _check_encrypting(wanted: Wanted, kid: str) -> None:
    if wanted.encrypt not in ENCRYPTING:
        says = f"{named(wanted.encrypt)} is no algorithm that encrypts a key here; these do: {', '.join(ENCRYPTING)}."
        raise Refused("encrypt", says)
    if wanted.enc not in CONTENT:
        raise Refused("enc", f"{named(wanted.enc)} encrypts no content here; these do: {', '.join(CONTENT)}.")
    if wanted.recipient is None:
        raise Refused("recipient", f"Encrypting with {wanted.encrypt} needs the key of whoever is to open it.")
    why = fit.to_encrypt(wanted.recipient, wanted.encrypt, wanted.enc, kid)
    if why:
        raise Refused("recipient", f"{_called(wanted.recipient)}: {why}")


def _check_hiding(wanted: Wanted, claims: dict[str, Any] | None) -> None:
    """What may stand behind a digest, and that no claim passes for one (RFC 9901 §4.1)."""
    claims = claims or {}
    taken = next(_reserved(claims), "")
    if taken:
        raise Refused("claims", f"Claims: the name `{taken}` is reserved in an SD-JWT (RFC 9901 §4.1).")
    for name in wanted.hide:
        if name not in claims:
            raise Refused("hide", f"{named(name)} is none of the claims, so it cannot be hidden.")
    if not 0 <= wanted.decoys <= MOST_DECOYS:
        raise Refused("decoys", f"The number of decoys is from 0 to {MOST_DECOYS}.")


def _reserved(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (name for name in RESERVED if name in value)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _reserved(each)


def _called(held: Held) -> str:
    return held.called[:1].upper() + held.called[1:]


def _made(wanted: Wanted, payload: _Payload, members: dict[str, Any]) -> Made:
    made = _encrypted if wanted.kind == "encrypted" else _signed
    return replace(made(wanted, payload, members), notes=tuple(_notes(wanted, payload)))


def _encrypted(wanted: Wanted, payload: _Payload, members: dict[str, Any]) -> Made:
    header = _encryption_header(wanted, members)
    text = _encrypt(wanted, header, payload.data)
    return Made(text, wanted.kind, payload.data, payload.claims, encrypting=header)


def _signed(wanted: Wanted, payload: _Payload, members: dict[str, Any]) -> Made:
    """Signed or unsecured; and what then is put around it or after it."""
    header = members if "typ" in members else {"typ": None, **members}
    made = Made(_sign(wanted, header, payload.data), wanted.kind, payload.data, payload.claims, header)
    if wanted.kind == "sd-jwt":
        claims, hidden = _hide(wanted, payload.claims or {})
        data = compact(claims)
        text = "~".join([_sign(wanted, header, data), *(each.disclosure for each in hidden if each.is_shown), ""])
        return replace(made, text=text, payload=data, hidden=hidden)
    if wanted.kind == "nested":
        kid = wanted.recipient.members.get("kid") if wanted.recipient else None
        outer = _encryption_header(wanted, {"cty": "JWT", **({"kid": kid} if isinstance(kid, str) and kid else {})})
        return replace(made, text=_encrypt(wanted, outer, made.text.encode()), encrypting=outer)
    return made


def _sign(wanted: Wanted, header: dict[str, Any], data: bytes) -> str:
    """In compact form (RFC 7515 §7.1). PyJWT writes `alg` into the header, and no `typ` where it is None."""
    if wanted.kind == "unsecured":
        return jwt.PyJWS().encode(data, "", algorithm="none", headers=header)
    assert wanted.key
    key: Any = wanted.key.key.raw_value if isinstance(wanted.key.key, OctKey) else wanted.key.key.private_key
    try:
        return jwt.PyJWS().encode(data, key, algorithm=wanted.alg, headers=header)
    except Exception as error:  # a secret that looks like a key of a pair, an RSA key whose primes are none
        says = f"{_called(wanted.key)} cannot sign this: {str(error).rstrip('.') or type(error).__name__}."
        raise Refused("key", says) from None


def _encryption_header(wanted: Wanted, members: dict[str, Any]) -> dict[str, Any]:
    rounds = {"p2c": ROUNDS} if wanted.encrypt.startswith("PBES2") and "p2c" not in members else {}
    return {"alg": wanted.encrypt, "enc": wanted.enc, **members, **rounds}


def _encrypt(wanted: Wanted, header: dict[str, Any], data: bytes) -> str:
    """In compact form (RFC 7516 §7.1). joserfc writes what it computed into the header, so it gets a copy."""
    assert wanted.recipient
    registry = jwe.JWERegistry(algorithms=[wanted.encrypt, wanted.enc], strict_check_header=False)  # names of one's own
    try:
        return jwe.encrypt_compact({**header}, data, fit.public(wanted.recipient.key), registry=registry)
    except Exception as error:  # the library has many ways to say no
        says = f"{_called(wanted.recipient)} cannot be encrypted for: {str(error).rstrip('.') or type(error).__name__}."
        raise Refused("recipient", says) from None


def _hide(wanted: Wanted, claims: dict[str, Any]) -> tuple[dict[str, Any], tuple[Hidden, ...]]:
    """The claims with some behind digests, in an order that tells nothing, and decoys among them (RFC 9901 §4.2)."""
    behind = set(wanted.hide)
    hidden = tuple(
        Hidden(name, _disclosure(name, value), name in wanted.show) for name, value in claims.items() if name in behind
    )
    digests = [_digest(each.disclosure) for each in hidden]
    digests += [_digest(secrets.token_hex(32)) for _ in range(wanted.decoys)]
    stay = {name: value for name, value in claims.items() if name not in behind}
    return {**stay, **({"_sd": sorted(digests)} if digests else {}), "_sd_alg": "sha-256"}, hidden


def _disclosure(name: str, value: Any) -> str:
    return base64url.encode(json.dumps([base64url.encode(secrets.token_bytes(SALT)), name, value]).encode())


def _digest(of: str) -> str:
    return base64url.encode(hashlib.sha256(of.encode()).digest())


def _notes(wanted: Wanted, payload: _Payload) -> Iterator[str]:
    """What can be made, and what whoever makes it should know all the same."""
    if wanted.kind == "unsecured":
        yield "Nothing is signed: anybody can write such a token, and who takes it takes anything (RFC 7518 §8.5)."
    if payload.claims is None:
        what = "any text" if wanted.is_text else "JSON, but no object"
        kind = "a JWE" if wanted.is_encrypted else "a JWS"
        yet = " Yet `typ` says `JWT`." if wanted.typ.upper() == "JWT" else ""
        yield f"The payload is {what}: this is {kind}, and no JWT (RFC 7519 §7.2).{yet}"
    if wanted.kind == "encrypted" and wanted.encrypt.startswith(("RSA", "ECDH")):
        yield "Whoever has the public key could have written it: it hides, and proves nothing about who wrote it."
    yield from _about_claims(payload.claims or {})
    if wanted.kind == "sd-jwt":
        for name in NEVER_HIDDEN:
            if name in wanted.hide:
                yield f"`{name}` is hidden: its holder can leave it out, and so get past that check (RFC 9901 §9.7)."
        if not wanted.hide:
            yield "No claim is hidden, so there is nothing to disclose."
    if wanted.is_encrypted and wanted.recipient and isinstance(wanted.recipient.key, OctKey):
        size, least = len(wanted.recipient.key.raw_value), _PASSWORD_BYTES.get(wanted.encrypt, 0)
        if size < least:
            yield f"The password has {size} bytes; for {wanted.encrypt} it should have {least} (RFC 7518 §8.8)."
    for held, is_used in ((wanted.key, wanted.is_signed), (wanted.recipient, wanted.is_encrypted)):
        if held and is_used and "read as" in held.called:
            yield f"The key is {held.called}."


def _about_claims(claims: dict[str, Any]) -> Iterator[str]:
    """Claims whose registered type is another one: a verifier will refuse them (RFC 7519 §4.1)."""
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name, 0)
        if is_milliseconds(value):
            yield f"`{name}` looks like milliseconds; it counts in seconds (RFC 7519 §2)."
        elif not is_time(value):
            yield f"`{name}` is no number of seconds since 1970, so it will be refused (RFC 7519 §2)."
    for name in ("iss", "sub", "jti"):
        if not isinstance(claims.get(name, ""), str):
            yield f"`{name}` is no text, so it will be refused (RFC 7519 §4.1)."
    aud = claims.get("aud", "")
    if not (isinstance(aud, str) or (isinstance(aud, list) and all(isinstance(each, str) for each in aud))):
        yield "`aud` is neither a text nor a list of texts, so it will be refused (RFC 7519 §4.1.3)."
