"""ECDSA: of the signature, the hash and the public key a point is made, and it must be the signer's (RFC 7518 §3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from joserfc.jwk import ECKey

from flows.tokens.by_hand.curves import CURVES, Point
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
from flows.tokens.verify import SIGNING_ALGORITHMS

ECDSA = "7518#section-3.4"


def steps(asked: Asked) -> Iterator[Step]:
    name = SIGNING_ALGORITHMS[asked.alg].curves[0]
    curve = CURVES[name]
    size, n, missing = curve.size, curve.n, f"The public key is missing: a point Q on the curve {name}."
    yield hash_step(asked, "z", ECDSA)
    if len(asked.signature) != 2 * size:
        raise Stopped(f"The signature has {len(asked.signature):,} bytes, and {asked.alg} makes {2 * size}: r and s.")
    yield Step(
        "Signed with the private half",
        f"The signer draws a number k for this one signature and takes the point G of the curve {name} k times. r is "
        "how far to the right that point R lies, and s ties it to z by the private number d. It is not done here, and "
        "neither k nor d is needed to check.",
        "z, a random k, d",
        "r, s",
        "private",
        ECDSA,
        "R = k·G    r = x(R) mod n    s = (z + r·d) / k mod n",
    )
    halves = Piece("r", asked.signature[:size]), Piece("s", asked.signature[size:])
    yield Step(
        "Two numbers in the signature",
        "r and s stand there one behind the other, equally long.",
        "the signature",
        f"r and s, {size} bytes each",
        "none",
        ECDSA,
        "signature = r ‖ s",
    ).showing(Value("signature", asked.signature, "in the token", halves))
    r, s, z = (int.from_bytes(each, "big") for each in (halves[0].data, halves[1].data, asked.hash(asked.message)))
    if not (0 < r < n and 0 < s < n):
        raise Stopped("r and s must be between 1 and n − 1, and are not. So no signer made them.")
    u1, u2 = z * pow(s, -1, n) % n, r * pow(s, -1, n) % n
    yield Step(
        "Two numbers made of them",
        f"z and r, each divided by s. The sums are done modulo n, which is how many points G leads to on {name}.",
        "z, r, s",
        "u₁, u₂",
        "none",
        ECDSA,
        "u₁ = z / s mod n    u₂ = r / s mod n",
    ).showing(number("u₁", u1, size), number("u₂", u2, size))
    find = Step(
        "The point, found with the public half",
        "Q is d·G. So this sum is (z + r·d) / s times G; and that is k times G: the point that the signer began with, "
        "found without k and without d.",
        "u₁, u₂, Q",
        "R",
        "public",
        ECDSA,
        "R = u₁·G + u₂·Q",
    )
    compare = compare_step(
        "If R lies where r says, then z, r, s and Q belong together: somebody who has d signed these very characters. "
        "Whoever has Q can check that, and still cannot sign.",
        "R, r",
        "public",
        "x(R) mod n = r",
    )
    in_token = number("r", r, size, "in the signature")
    if not isinstance(asked.key, ECKey):
        yield from (find.showing(missing=missing), compare.showing(in_token, missing=missing))
        return
    numbers = asked.key.public_key.public_numbers()
    q = numbers.x, numbers.y
    of_g, of_q = curve.times(u1, curve.base), curve.times(u2, q)
    point = curve.add(of_g, of_q)
    named = (
        ("G", curve.base, f"where all begin on {name}"),
        ("Q", q, "the public key"),
        ("u₁·G", of_g, ""),
        ("u₂·Q", of_q, ""),
        ("R", point, "the sum of these two"),
    )
    yield find.showing(*(_point(called, each, says, size) for called, each, says in named))
    if point is None:
        raise Stopped("The sum is the point at infinity, which lies nowhere. So no signer made r and s.")
    found = number("x(R) mod n", point[0] % n, size, "computed here")
    yield compare.showing(compared=(Comparison(found, in_token),))


def _point(name: str, point: Point, says: str, size: int) -> Value:
    if point is None:
        return Value(name, b"", "the point at infinity")
    x, y = (each.to_bytes(size, "big") for each in point)
    return Value(name, x + y, says, (Piece("x", x), Piece("y", y)))
