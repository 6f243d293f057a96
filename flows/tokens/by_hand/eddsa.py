"""EdDSA: a point of the signature is found again by the public key (RFC 8037 §3.1; RFC 8032 §5.1.7, §5.2.7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from joserfc.jwk import OKPKey

from flows.tokens.by_hand.curves import EDWARDS
from flows.tokens.by_hand.steps import Asked, Comparison, Piece, Step, Stopped, Value, compare_step

EDDSA = "8037#section-3.1"
_MISSING = "The public key is missing: the point A."
HASHES = {"Ed25519": "SHA-512(R ‖ A ‖ M)", "Ed448": "SHAKE256(“SigEd448” ‖ 00 00 ‖ R ‖ A ‖ M)"}


def steps(asked: Asked) -> Iterator[Step]:
    name = _curve(asked)
    curve = EDWARDS[name]
    size, times = curve.size, f"{curve.cofactor}·" if curve.cofactor > 1 else ""
    if len(asked.signature) != 2 * size:
        raise Stopped(f"The signature has {len(asked.signature):,} bytes, and {name} makes {2 * size}: R and S.")
    yield Step(
        "Signed with the private half",
        "Of the private key and of M, which is all that is signed, the signer makes a number r. Nothing is drawn: the "
        f"same characters always get the same signature. R is r times the point B of {name}, and S ties it to k by the "
        "private number a. It is not done here, and neither r nor a is needed to check.",
        "M, the private key",
        "R, S",
        "private",
        "8037#section-3.1.1",
        "R = r·B    S = r + k·a mod L",
    )
    of_r, of_s = asked.signature[:size], asked.signature[size:]
    yield Step(
        "A point and a number in the signature",
        "R and S stand there one behind the other, equally long, each with its lowest byte first.",
        "the signature",
        f"R and S, {size} bytes each",
        "none",
        EDDSA,
        "signature = R ‖ S",
    ).showing(Value("signature", asked.signature, "in the token", (Piece("R", of_r), Piece("S", of_s))))
    s = int.from_bytes(of_s, "little")
    if s >= curve.n:
        raise Stopped("S must be smaller than L, the number of points that B leads to, and is not. No signer made it.")
    over_all = Step(
        "The hash, over all of it",
        "R, the public key A and the characters M, hashed together. So none of the three can be exchanged for another.",
        "R, A, M",
        "k",
        "public",
        EDDSA,
        f"k = {HASHES[name]} mod L",
    )
    find = Step(
        "Two points, with the public half",
        "A is a·B. So k·A taken away from S·B leaves r·B; and that is R, the point that the signer began with, found "
        "without r and without a.",
        "S, k, A",
        "S·B − k·A",
        "public",
        EDDSA,
        "S·B − k·A",
    )
    compare = compare_step(
        "It is the same as S·B = R + k·A, only that R stands alone. If it is true, R, S, A and M belong together. "
        "Whoever has A can check that, and still cannot sign."
        + (f" On {name} both sides are taken 4 times." if times else ""),
        "S·B − k·A, R",
        "public",
        f"{times}(S·B − k·A) = {times}R" if times else "S·B − k·A = R",
    )
    if not isinstance(asked.key, OKPKey):
        yield from (each.showing(missing=_MISSING) for each in (over_all, find, compare))
        return
    of_a = asked.key.public_key.public_bytes_raw()
    k = int.from_bytes(hash_of(name, of_r + of_a + asked.message), "little") % curve.n
    yield over_all.showing(
        Value("A", of_a, "the public key"), Value("k", k.to_bytes(size, "little"), "lowest byte first, like S")
    )
    a, r = curve.decoded(of_a), curve.decoded(of_r)
    if a is None:
        raise Stopped("The public key is no point of the curve, so nothing can be checked with it.")
    of_base, of_key = curve.times(s, curve.base), curve.times(k, a)
    left = curve.add(of_base, curve.minus(of_key))
    named = (
        ("B", curve.base, f"where all begin on {name}"),
        ("S·B", of_base, ""),
        ("k·A", of_key, ""),
        ("S·B − k·A", left, "the one less the other"),
    )
    yield find.showing(*(Value(called, curve.encoded(point), says) for called, point, says in named))
    if not times:
        found, in_token = curve.encoded(left), of_r
    elif r is None:
        raise Stopped("R is no point of the curve, so no signer made it.")
    else:
        found, in_token = (curve.encoded(curve.times(curve.cofactor, each)) for each in (left, r))
    computed = Value(f"{times}(S·B − k·A)" if times else "S·B − k·A", found, "computed here")
    yield compare.showing(compared=(Comparison(computed, Value(f"{times}R", in_token, "in the signature")),))


def _curve(asked: Asked) -> str:
    """By the key; without one, by the name of the algorithm or by how long the signature is."""
    if isinstance(asked.key, OKPKey):
        return str(asked.key.curve_name)
    if asked.alg in EDWARDS:
        return asked.alg
    return "Ed448" if len(asked.signature) == 2 * EDWARDS["Ed448"].size else "Ed25519"


def hash_of(curve: str, data: bytes) -> bytes:
    """Of R, A and M, one behind the other: what k is taken from."""
    if curve == "Ed25519":
        return hashlib.sha512(data).digest()
    return hashlib.shake_256(b"SigEd448\0\0" + data).digest(114)
