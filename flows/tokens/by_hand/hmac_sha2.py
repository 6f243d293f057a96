"""HMAC: two hashes, one within the other, each with the secret in front (RFC 7518 §3.2, by RFC 2104)."""

from __future__ import annotations

from collections.abc import Iterator

from joserfc.jwk import OctKey

from flows.tokens.by_hand.steps import Asked, Comparison, Piece, Step, Value, compare_step

HMAC = "7518#section-3.2"
_MISSING = "The secret is missing. Whoever does not have it can neither make the signature nor check it."


def steps(asked: Asked) -> Iterator[Step]:
    block, size, name = (64 if asked.bits == 256 else 128), asked.bits // 8, asked.hash_name
    secret: bytes | None = asked.key.raw_value if isinstance(asked.key, OctKey) else None
    longer = f" This secret is longer, so {name} makes it shorter first." if len(secret or b"") > block else ""
    fill = Step(
        f"The secret, filled up to {block} bytes",
        f"{name} works in blocks of {block} bytes, and the key is made as long as one block.{longer}",
        "the secret",
        f"K, {block} bytes",
        "secret",
        HMAC,
        f"K = {name}(secret) ‖ 00 … 00" if longer else "K = secret ‖ 00 … 00",
    )
    two = Step(
        "Two keys out of one",
        "Every byte of K is combined with 36, and once again with 5c, by exclusive or. So the two hashes that follow "
        "begin differently.",
        "K",
        "K ⊕ ipad, K ⊕ opad",
        "secret",
        HMAC,
        "ipad = 36 36 … 36    opad = 5c 5c … 5c",
    )
    inner = Step(
        "The inner hash",
        "The first key, and behind it all that is signed.",
        "K ⊕ ipad, the signing input",
        f"the inner hash, {size} bytes",
        "secret",
        HMAC,
        f"inner hash = {name}(K ⊕ ipad ‖ signing input)",
    )
    outer = Step(
        "The outer hash is the signature",
        "The second key, and behind it the inner hash. Of a single hash one could go on to a longer text without the "
        "secret; of this one nobody can.",
        "K ⊕ opad, the inner hash",
        f"the outer hash, {size} bytes",
        "secret",
        HMAC,
        f"outer hash = {name}(K ⊕ opad ‖ inner hash)",
    )
    compare = compare_step(
        "To check it is to make it again. So whoever can check such a signature can also forge one, and the secret "
        "must stay between the two.",
        "the outer hash, the signature",
        "secret",
        "outer hash = signature",
    )
    signature = Value("signature", asked.signature, "in the token")
    if secret is None:
        yield from (each.showing(missing=_MISSING) for each in (fill, two, inner, outer))
        yield compare.showing(signature, missing=_MISSING)
        return
    start = asked.hash(secret) if longer else secret
    key = start.ljust(block, b"\0")
    pieces = Piece("its hash" if longer else "the secret", start), Piece("zeros", key[len(start) :])
    yield fill.showing(Value("K", key, "", tuple(each for each in pieces if each.data)))
    of_inner, of_outer = (bytes(byte ^ pad for byte in key) for pad in (0x36, 0x5C))
    yield two.showing(Value("K ⊕ ipad", of_inner), Value("K ⊕ opad", of_outer))
    inner_hash = asked.hash(of_inner, asked.message)
    yield inner.showing(Value("inner hash", inner_hash))
    outer_hash = asked.hash(of_outer, inner_hash)
    yield outer.showing(Value("outer hash", outer_hash))
    yield compare.showing(compared=(Comparison(Value("outer hash", outer_hash, "computed here"), signature),))
