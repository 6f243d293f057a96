"""RSA: a signature raised to the power of e modulo n gives back what was signed (RFC 7518 §3.3, §3.5; RFC 8017)."""

from __future__ import annotations

from collections.abc import Iterator

from joserfc.jwk import RSAKey

from flows.tokens.by_hand.steps import (
    Asked,
    Comparison,
    Piece,
    Step,
    Stopped,
    Value,
    compare_step,
    hash_step,
    number,
)

PKCS1, PSS = "7518#section-3.3", "7518#section-3.5"
LARGE_MODULUS, LARGEST_EXPONENT = 3_072, 64  # bits: OpenSSL refuses a larger e where n is larger than that

_DIGEST_INFO = {  # "what follows is a hash by …", in DER (RFC 8017 §9.2, note 1)
    256: bytes.fromhex("3031300d060960864801650304020105000420"),
    384: bytes.fromhex("3041300d060960864801650304020205000430"),
    512: bytes.fromhex("3051300d060960864801650304020305000440"),
}
_MISSING = "The public key is missing: n and e."
_NOT_HERE = "It is not done here, and d is not needed to check: s stands in the token."


def steps_pkcs1(asked: Asked) -> Iterator[Step]:
    """RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2)."""
    yield hash_step(asked, "h", PKCS1)
    digest, info, key = asked.hash(asked.message), _DIGEST_INFO[asked.bits], _numbers(asked)
    size = (key[0].bit_length() + 7) // 8 if key else len(asked.signature)
    filled = size - 3 - len(info) - len(digest)
    if filled < 8:
        raise Stopped(f"A key of {size} bytes is too short for {asked.alg}: the hash does not fit into it.")
    expected = b"\0\1" + b"\xff" * filled + b"\0" + info + digest
    yield Step(
        "Filled up to the length of the key",
        "In front of h come bytes that are always the same: 00 01, then ff as often as it takes, 00, and DigestInfo, "
        f"which says: what follows is a hash by {asked.hash_name}.",
        "h",
        f"m, {size} bytes",
        "none",
        PKCS1,
        "m = 00 01 ff … ff 00 ‖ DigestInfo ‖ h",
    ).showing(Value("m", expected, "as it must be", _pieces(expected, info)))
    yield _made(
        "Signed with the private half",
        "The signer takes m as one large number, raised to the power of d modulo n. Only the signer has d. "
        f"{_NOT_HERE}",
        "m, d, n",
        asked,
        PKCS1,
    )
    compare = compare_step(
        "If the two are equal, somebody who has d made s of these very characters. Equal hashes alone are not enough: "
        "every byte of m must be what it has to be.",
        "both m",
        "public",
        "m out of the signature = m as it must be",
    )
    if not key:
        yield from (_undo("m", size, PKCS1).showing(missing=_MISSING), compare.showing(missing=_MISSING))
        return
    m = _undone(asked, *key)
    yield _undo("m", size, PKCS1).showing(*_of_key(*key), Value("m", m, "out of the signature", _pieces(m, info)))
    whole = Comparison(Value("m", m, "out of the signature"), Value("m", expected, "as it must be"))
    if not _pieces(m, info):
        says = "What came out is not of that form at all. So nobody who has d made this s."
        yield compare.showing(compared=(whole,), says=says)
        return
    hashes = Comparison(Value("h", m[-len(digest) :], "out of the signature"), Value("h", digest, "of the token"))
    yield compare.showing(compared=(hashes, whole))


def steps_pss(asked: Asked) -> Iterator[Step]:
    """RSASSA-PSS with a salt as long as the hash (RFC 8017 §8.1.2, §9.1.2)."""
    yield hash_step(asked, "h", PSS)
    size, digest, key = asked.bits // 8, asked.hash(asked.message), _numbers(asked)
    yield _made(
        "Salted, masked, and signed with the private half",
        "The signer draws a salt, so that no two signatures are alike, hashes h together with it to H, and hides the "
        f"salt under a mask made of H. All that is one large number m, raised to the power of d modulo n. {_NOT_HERE}",
        "h, a random salt, d, n",
        asked,
        PSS,
    )
    mask = Step(
        "The mask taken off",
        "MGF1 makes as many bytes of H as it takes, by hashing it with a counter: 0, 1, 2 and so on. Put over the "
        "masked piece by exclusive or, they leave zeros, 01 and the salt.",
        "the masked piece, H",
        f"the salt, {size} bytes",
        "none",
        PSS,
        "zeros ‖ 01 ‖ salt = masked ⊕ MGF1(H)",
    )
    compare = compare_step(
        "Eight zeros, h and the salt are hashed just as the signer did. If that is the H which stood in the signature, "
        "somebody who has d made s of these very characters.",
        "h, the salt, H",
        "public",
        f"{asked.hash_name}(00 × 8 ‖ h ‖ salt) = H",
    )
    length = (key[0].bit_length() + 6) // 8 if key else len(asked.signature)
    if length < 2 * size + 2:
        raise Stopped(f"A key of {length} bytes is too short for {asked.alg}: hash and salt do not fit into it.")
    undo = _undo("m", length, PSS)
    if not key:
        yield from (each.showing(missing=_MISSING) for each in (undo, mask, compare))
        return
    whole = _undone(asked, *key)
    m, masked, hashed = whole[-length:], whole[-length : -size - 1], whole[-size - 1 : -1]
    unused = 8 * length - key[0].bit_length() + 1  # bits in front that no m has
    is_formed = m[-1:] == b"\xbc" and not any(whole[:-length]) and masked[0] >> (8 - unused) == 0
    pieces = (Piece("masked", masked), Piece("H", hashed), Piece("ends", m[-1:])) if is_formed else ()
    yield undo.showing(*_of_key(*key), Value("m", m, "out of the signature", pieces))
    if not is_formed:
        raise Stopped("What came out is not of that form: it must end in bc. So nobody who has d made this s.")
    cover = _mgf1(asked, hashed, len(masked))
    bare = bytearray(one ^ other for one, other in zip(masked, cover, strict=True))
    bare[0] &= 0xFF >> unused
    zeros, one, salt = bytes(bare[: -size - 1]), bytes(bare[-size - 1 : -size]), bytes(bare[-size:])
    is_salted = not any(zeros) and one == b"\1"
    found = tuple(each for each in (Piece("zeros", zeros), Piece("01", one), Piece("salt", salt)) if each.data)
    yield mask.showing(Value("MGF1(H)", cover, "the mask"), Value("bare", bytes(bare), "", found if is_salted else ()))
    if not is_salted:
        raise Stopped("Under the mask are no zeros with 01 behind them. So nobody who has d made this s.")
    again = Value("H", asked.hash(bytes(8), digest, salt), "computed here")
    yield compare.showing(compared=(Comparison(again, Value("H", hashed, "out of the signature")),))


def _numbers(asked: Asked) -> tuple[int, int] | None:
    """n and e."""
    if not isinstance(asked.key, RSAKey):
        return None
    numbers = asked.key.public_key.public_numbers()
    return numbers.n, numbers.e


def _made(title: str, says: str, takes: str, asked: Asked, rfc: str) -> Step:
    size = f"{len(asked.signature):,} bytes"
    step = Step(title, says, takes, f"s, the signature, {size}", "private", rfc, "s = mᵈ mod n")
    return step.showing(Value("s", asked.signature, "in the token"))


def _undo(name: str, size: int, rfc: str) -> Step:
    return Step(
        "Undone with the public half",
        "The same sum, with e in place of d, takes it back. Anybody can do that, for n and e are public. But to find "
        "an s for an m of one’s own, one needs d.",
        "s, e, n",
        f"{name}, {size:,} bytes",
        "public",
        rfc,
        f"{name} = sᵉ mod n",
    )


def _of_key(n: int, e: int) -> tuple[Value, Value]:
    of_e = f"the exponent, {e:,}" if e < 10**9 else "the exponent"
    of_n = f"the modulus, {n.bit_length():,} bits"
    return number("e", e, (e.bit_length() + 7) // 8, of_e), number("n", n, (n.bit_length() + 7) // 8, of_n)


def _undone(asked: Asked, n: int, e: int) -> bytes:
    """sᵉ mod n in as many bytes as n has; where that cannot be, Stopped says why (RFC 8017 §5.2.2)."""
    size, s = (n.bit_length() + 7) // 8, int.from_bytes(asked.signature, "big")
    if len(asked.signature) != size:
        raise Stopped(f"The signature has {len(asked.signature):,} bytes, and a signature by this key has {size:,}.")
    if s >= n:
        raise Stopped("As a number the signature is not smaller than n, so nobody made it with this key.")
    if n.bit_length() > LARGE_MODULUS and e.bit_length() > LARGEST_EXPONENT:
        says = (
            f"The exponent e has {e.bit_length():,} bits. With so large an n that takes too long; libraries refuse it."
        )
        raise Stopped(says, None)
    return pow(s, e, n).to_bytes(size, "big")


def _pieces(m: bytes, info: bytes) -> tuple[Piece, ...]:
    """The pieces of a filled-up hash; none where it is not of that form."""
    head = b"\0\1" + b"\xff" * (len(m) - 3 - len(info) - info[-1]) + b"\0"
    if not m.startswith(head + info):
        return ()
    filling, digest = head[2:-1], m[len(head) + len(info) :]
    named = (("begins", m[:2]), (f"{len(filling)} × ff", filling), ("ends", b"\0"), ("DigestInfo", info), ("h", digest))
    return tuple(Piece(*each) for each in named)


def _mgf1(asked: Asked, seed: bytes, length: int) -> bytes:
    """A mask of any length out of a hash (RFC 8017 Appendix B.2.1)."""
    blocks = -(-length * 8 // asked.bits)
    return b"".join(asked.hash(seed, counter.to_bytes(4, "big")) for counter in range(blocks))[:length]
