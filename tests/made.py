"""Tokens that tests make: signed with keys of their own, or put together by hand where no library would do it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from flows.tokens import base64url
from flows.tokens.judging.judge import Expected, Judgement, judge
from flows.tokens.read import read
from flows.tokens.ring import Held

NOW = 1_795_447_300
EC = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
SECRET = b"not on any list, and 32 bytes or more"

ACCESS = {
    "iss": "https://issuer.example",
    "sub": "alice",
    "aud": "https://api.example",
    "client_id": "photoprint",
    "iat": NOW - 60,
    "exp": NOW + 240,
    "jti": "q8Wn2c5RtE0",
}


def encoded(value: Any) -> str:
    """JSON, then base64url; a text as it is."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return base64url.encode(text.encode())


def put_together(header: Any, payload: Any, signature: bytes = b"") -> str:
    """A compact token of any header and payload, whatever they are."""
    return f"{encoded(header)}.{encoded(payload)}.{base64url.encode(signature)}"


def signed(claims: Any, alg: str = "ES256", **header: Any) -> str:
    """A compact token over claims (or over any text), signed with the key of that algorithm."""
    payload = claims if isinstance(claims, str) else json.dumps(claims, separators=(",", ":"))
    key: Any = {"E": EC.private_key, "R": RSA.private_key, "P": RSA.private_key, "H": SECRET}[alg[0]]
    fields = {"alg": alg, **header}
    message = f"{encoded(fields)}.{encoded(payload)}"
    made = jwt.algorithms.get_default_algorithms()[alg].sign(message.encode(), key)
    return f"{message}.{base64url.encode(made)}"


def held(made_by: str = "ES256", called: str = "the key", issuer: str = "", **members: Any) -> Held:
    """The key that verifies what `signed` makes."""
    key = {
        "E": ECKey.import_key(EC.as_dict(private=False)),
        "R": RSAKey.import_key(RSA.as_dict(private=False)),
        "P": RSAKey.import_key(RSA.as_dict(private=False)),
        "H": OctKey.import_key(SECRET),
    }[made_by[0]]
    return Held(called, key, members, issuer)


def judged(token: str, *keys: Held, **expected: Any) -> Judgement:
    return judge(read(token), Expected(**{"now": NOW, "keys": keys, **expected}))


def row(judgement: Judgement, rule: str) -> tuple[str, str, str]:
    """How one rule ended, and its two sentences; ("", "", "") where it did not apply."""
    found = [each.finding for each in judgement.rows if each.rule.name == rule]
    return (found[0].state, found[0].says, found[0].more) if found else ("", "", "")


def disclosure(*parts: Any) -> str:
    """A disclosure of an SD-JWT: salt, name and value, or salt and value (RFC 9901 §4.2)."""
    return encoded(list(parts))


def digest(of: str) -> str:
    return base64url.encode(hashlib.sha256(of.encode()).digest())
