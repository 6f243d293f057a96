"""A fresh key for an algorithm, and a key's halves as text: PEM, JWK, a JWKS to publish, its thumbprint (RFC 7638)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flows.tokens import base64url
from flows.tokens.decrypt import ALGORITHMS, ENCRYPTIONS
from flows.tokens.making.fit import AGREEING, public
from flows.tokens.ring import AnyKey, Held
from flows.tokens.verify import SIGNING_ALGORITHMS

SIGNING = (
    "ES256", "ES384", "ES512", "ES256K", "EdDSA",
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "HS256", "HS384", "HS512",
)  # fmt: skip
ENCRYPTING = (
    "ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "ECDH-ES",
    "RSA-OAEP-256", "RSA-OAEP",
    "A256KW", "A192KW", "A128KW", "A256GCMKW", "A192GCMKW", "A128GCMKW", "dir",
    "PBES2-HS512+A256KW", "PBES2-HS384+A192KW", "PBES2-HS256+A128KW",
)  # fmt: skip
CONTENT = ("A256GCM", "A192GCM", "A128GCM", "A256CBC-HS512", "A192CBC-HS384", "A128CBC-HS256")
RSA_SIZES = ("2048", "3072", "4096")
PASSWORD_BYTES = 24  # of randomness: 32 characters


def sizes(alg: str) -> tuple[str, ...]:
    """What can be chosen of a key for this algorithm, the usual first: bits or curves; none where `alg` says all."""
    if alg.startswith(("RS", "PS")):
        return RSA_SIZES
    if alg.startswith("ECDH-ES"):
        return AGREEING
    if alg in SIGNING_ALGORITHMS and len(SIGNING_ALGORITHMS[alg].curves) > 1:
        return SIGNING_ALGORITHMS[alg].curves
    return ()


def fresh(alg: str, size: str = "", *, enc: str = "A256GCM", kid: str = "") -> Held:
    """A key that nobody else has, for `alg`. `size` is one of `sizes(alg)`, "" for the usual; `enc` counts for `dir`.

    ValueError, with a sentence, for an algorithm or a size that is not offered. Without a `kid` it gets one: the
    beginning of its thumbprint; a secret's says something of the secret, so that gets a random one.
    """
    if alg not in SIGNING and alg not in ENCRYPTING:
        raise ValueError(f"No key is made for {alg[:40]!r}; it is one of {', '.join(SIGNING + ENCRYPTING)}.")
    choices = sizes(alg)
    if size and size not in choices:
        says = f"is one of {', '.join(choices)}" if choices else "follows from the algorithm"
        raise ValueError(f"A key for {alg} cannot have the size {size[:40]!r}: that {says}.")
    key = _made(alg, size or (choices[0] if choices else ""), enc)
    use = "sig" if alg in SIGNING else "enc"
    return Held("the key made here", key, {"kid": kid or kid_of(key), "use": use, "alg": alg})


def kid_of(key: AnyKey) -> str:
    """A short name for a key, as the parties give them."""
    return secrets.token_urlsafe(8) if isinstance(key, OctKey) else key.thumbprint()[:11]


def _made(alg: str, size: str, enc: str) -> AnyKey:
    if size in RSA_SIZES or alg.startswith("RSA"):
        return RSAKey.generate_key(int(size))
    known = SIGNING_ALGORITHMS.get(alg)
    curve = size or (known.curves[0] if known and known.curves else "")
    if curve:
        crv: Any = curve
        return OKPKey.generate_key(crv) if curve.startswith(("Ed", "X")) else ECKey.generate_key(crv)
    if alg.startswith("PBES2"):
        return _secret(secrets.token_urlsafe(PASSWORD_BYTES).encode())
    model: Any = ALGORITHMS.get(alg)
    bits = known.bits if known else ENCRYPTIONS[enc].cek_size if alg == "dir" else model.key_size
    return _secret(secrets.token_bytes(bits // 8))


def _secret(data: bytes) -> OctKey:
    return OctKey(data, data)


@dataclass(frozen=True)
class Halves:
    """A key as text, "" for what it does not have: a secret has no public half and no PEM, a public key no private one.

    `jwks` holds the public half, as an issuer publishes it (RFC 7517 §5). `text` is a secret that can be typed.
    """

    private_pem: str = ""
    public_pem: str = ""
    private_jwk: str = ""
    public_jwk: str = ""
    jwks: str = ""
    thumbprint: str = ""
    hex: str = ""
    base64url: str = ""
    text: str = ""


def halves(held: Held) -> Halves:
    """What can be written down of a key, its `kid`, `use` and `alg` with it."""
    key = held.key
    thumbprint = key.thumbprint()
    if isinstance(key, OctKey):
        data = key.raw_value
        return Halves(
            private_jwk=_json(jwk(held, private=True)),
            thumbprint=thumbprint,
            hex=data.hex(),
            base64url=base64url.encode(data),
            text=data.decode() if data.isascii() and data.decode().isprintable() else "",
        )
    half: Any = public(key)
    members = jwk(held, private=False)
    return Halves(
        key.as_pem(private=True).decode() if key.is_private else "",
        half.as_pem(private=False).decode(),
        _json(jwk(held, private=True)) if key.is_private else "",
        _json(members),
        jwks([members]),
        thumbprint,
    )


def jwk(held: Held, *, private: bool) -> dict[str, Any]:
    """The key as a JWK (RFC 7517 §4), its kind first."""
    members = (held.key if private else public(held.key)).as_dict(private=private)
    mine: dict[str, Any] = {name: held.members[name] for name in ("kid", "use", "alg") if name in held.members}
    return {"kty": members["kty"], **mine, **{name: value for name, value in members.items() if name != "kty"}}


def jwks(members: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"keys": list(members)}, indent=2, ensure_ascii=False)


def _json(members: dict[str, Any]) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False)
