"""Signatures verified with the keys at hand: which key made one, or why none of them did.

The kind of the key decides what is tried, never the token alone: an RSA key is never a secret for HMAC (RFC 8725 §2.1).
Nothing here signs. PyJWT computes; it gets the exact characters that were signed, in whatever form the token came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import jwt
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from jwt.algorithms import get_default_algorithms

from flows.tokens.read import Header, Signature, Signed, signing_input
from flows.tokens.ring import AnyKey, Held, NoKey, named, of_der, read_keys

MOST_KEYS = 100
LONGEST = 0.3  # seconds, after which no further key is tried


@dataclass(frozen=True)
class Algorithm:
    """What an `alg` needs: the kind of key, its curves, and the least bits it should have.

    `length` is how many bytes a signature has, 0 where it depends on the key.
    """

    kty: str
    computes: jwt.algorithms.Algorithm
    curves: tuple[str, ...] = ()
    bits: int = 0
    length: int = 0


@dataclass(frozen=True)
class Verified:
    """The key that made the signature, None for none; and the keys tried before it, each with why it did not."""

    key: Held | None
    tried: tuple[tuple[Held, str], ...] = ()


def _algorithms() -> dict[str, Algorithm]:
    """RFC 7518 §3, RFC 8037 §3.1, RFC 8812 §3.1, RFC 9864 §2.2."""
    known = get_default_algorithms()
    found = {}
    for bits in (256, 384, 512):
        found[f"HS{bits}"] = Algorithm("oct", known[f"HS{bits}"], bits=bits, length=bits // 8)
        found[f"RS{bits}"] = Algorithm("RSA", known[f"RS{bits}"], bits=2048)
        found[f"PS{bits}"] = Algorithm("RSA", known[f"PS{bits}"], bits=2048)
    for name, curve, length in (
        ("ES256", "P-256", 64),
        ("ES384", "P-384", 96),
        ("ES512", "P-521", 132),
        ("ES256K", "secp256k1", 64),
    ):
        found[name] = Algorithm("EC", known[name], (curve,), length=length)
    found["EdDSA"] = Algorithm("OKP", known["EdDSA"], ("Ed25519", "Ed448"))
    found["Ed25519"] = Algorithm("OKP", known["EdDSA"], ("Ed25519",), length=64)
    found["Ed448"] = Algorithm("OKP", known["EdDSA"], ("Ed448",), length=114)
    return found


SIGNING_ALGORITHMS = _algorithms()

CHANGED = "Another key made it, or a character was changed."
_KINDS = {"oct": "a secret", "RSA": "an RSA key", "EC": "an EC key", "OKP": "an OKP key"}
_SAME_ALG = {"Ed25519": "EdDSA", "Ed448": "EdDSA"}  # the newer names, which say the curve as well


def choose(keys: Sequence[Held], token: Signed, signature: Signature, alg: str) -> Verified:
    """The key that made the signature. The one that `kid` names is tried first, then all that fit; `none` never is."""
    known = SIGNING_ALGORITHMS.get(alg)
    kid = signature.header.text("kid")
    candidates = sorted(keys, key=lambda held: not kid or held.members.get("kid") != kid)[:MOST_KEYS]
    if not known:
        why = (
            "There is no signature." if alg.lower() == "none" else f"{named(alg)} is no signature algorithm known here."
        )
        return Verified(None, tuple((held, why) for held in candidates))
    message, sent = signing_input(token, signature), signature.signature.data
    until = perf_counter() + LONGEST
    tried: list[tuple[Held, str]] = []
    for held in candidates:
        why = misfit(held, signature.header, alg)
        if not why and perf_counter() > until:
            why = "It was not tried: the keys before it took too long."
        elif not why:
            why = _why_not(known, alg, held.key, message, sent)
            if not why:
                return Verified(held, tuple(tried))
        elif _can(held.key, known) and perf_counter() < until and not _why_not(known, alg, held.key, message, sent):
            why += " It did make this signature, though."
        tried.append((held, why))
    return Verified(None, tuple(tried))


def misfit(held: Held, header: Header, alg: str) -> str:
    """Why this key must not be used for this signature, as a sentence; "" where it fits. Its size is no reason."""
    known = SIGNING_ALGORITHMS.get(alg)
    if not known:
        return f"{named(alg)} is no signature algorithm that is known here."
    if held.key.key_type != known.kty:
        return f"It is {_KINDS[held.key.key_type]}, and {alg} takes {_KINDS[known.kty]}."
    if not _can(held.key, known):
        return f"It is on the curve {_curve(held.key)}, and {alg} takes {' or '.join(known.curves)}."
    members = held.members
    if "use" in members and members["use"] != "sig":
        return f"Its `use` is {named(members['use'])}, and signatures need `sig`."
    operations = members.get("key_ops")
    if operations is not None and not isinstance(operations, list):
        return "Its `key_ops` are no list, so what it may be used for is not said."
    if operations is not None and "verify" not in operations and not ("sign" in operations and _is_pair(held.key)):
        return "Its `key_ops` do not hold `verify`."
    if "alg" in members and not _is_same_alg(members["alg"], alg):
        return f"Its `alg` is {named(members['alg'])}, and the token's is `{alg}`."
    kid = header.object.get("kid")
    if kid is not None and members.get("kid") is not None and members["kid"] != kid:
        return f"Its `kid` is {named(members['kid'])}, and the token names {named(kid)}."
    return ""


def weaknesses(held: Held, alg: str) -> tuple[str, ...]:
    """What is wrong with a key though it fits: too short (RFC 7518 §3.2, §3.3), or a public key used as a secret."""
    known = SIGNING_ALGORITHMS.get(alg)
    if not known or known.kty != held.key.key_type:
        return ()
    if isinstance(held.key, RSAKey):
        bits = held.key.raw_value.key_size
        return (f"The RSA key has {bits:,} bits; {alg} needs {known.bits:,}.",) if bits < known.bits else ()
    if not isinstance(held.key, OctKey):
        return ()
    secret = held.key.raw_value
    found = []
    if len(secret) * 8 < known.bits:
        found.append(f"The secret has {len(secret) * 8} bits; {alg} needs {known.bits}.")
    if _is_key_pair_in_text(secret):
        found.append("The secret is the text of a key of a key pair: if that is public, anybody can sign with it.")
    return tuple(found)


def _can(key: AnyKey, known: Algorithm) -> bool:
    return key.key_type == known.kty and (not known.curves or _curve(key) in known.curves)


def _curve(key: AnyKey) -> str:
    return key.curve_name if isinstance(key, ECKey | OKPKey) else ""


def _is_pair(key: AnyKey) -> bool:
    """Whether it is a private key: its public half may verify where it may sign."""
    return not isinstance(key, OctKey) and key.is_private


def _is_same_alg(of_key: object, alg: str) -> bool:
    return of_key == alg or (isinstance(of_key, str) and (_SAME_ALG.get(of_key) == alg or _SAME_ALG.get(alg) == of_key))


def _is_key_pair_in_text(secret: bytes) -> bool:
    if secret.startswith((b"ssh-", b"ecdsa-sha2-")):
        return True
    try:
        keys, _ = read_keys(secret.decode("utf-8", "replace"))
        return any(held.key.key_type != "oct" for held in keys) or of_der(secret) is not None
    except NoKey:
        return True


def _why_not(known: Algorithm, alg: str, key: AnyKey, message: bytes, signature: bytes) -> str:
    """Why the key did not make this signature; "" where it did."""
    if not signature:
        return "There is no signature."
    try:
        if known.computes.verify(message, key.public_key, signature):
            return ""
    except Exception:  # a key or a signature that the library will not work with has not verified
        return "The signature cannot be computed with this key."
    length, made = known.length or 64, f"and {alg} makes"
    if isinstance(key, RSAKey):
        length, made = (key.raw_value.key_size + 7) // 8, "and this key makes"
    elif alg == "EdDSA":
        length = SIGNING_ALGORITHMS[_curve(key)].length
    if len(signature) != length and isinstance(key, ECKey) and _is_der(signature):
        return f"The signature is in DER, as OpenSSL writes it; {alg} has R and S side by side, in {length} bytes."
    if len(signature) != length:
        return f"The signature has {len(signature)} bytes, {made} {length}."
    return CHANGED


def _is_der(signature: bytes) -> bool:
    try:
        decode_dss_signature(signature)
    except ValueError:
        return False
    return True
