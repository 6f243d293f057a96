"""Points on the curves that JOSE signs with, in whole numbers: to be read, and to check what a library says.

Only what everybody may see passes through here. Nothing takes care that all inputs need the same time, as code that
holds a private key must; so nothing here signs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

P = TypeVar("P")
Point = tuple[int, int] | None  # None is the point at infinity, which only the first kind of curve needs


@dataclass(frozen=True)
class Curve:
    """y² = x³ + ax + b, counted modulo p; the base point G has the order n (RFC 7518 §6.2.1.1, RFC 8812 §3.1)."""

    p: int
    a: int
    b: int
    base: tuple[int, int]
    n: int

    @property
    def size(self) -> int:
        """Bytes of a coordinate, and of a number modulo n."""
        return (self.n.bit_length() + 7) // 8

    @property
    def neutral(self) -> Point:
        return None

    def add(self, one: Point, other: Point) -> Point:
        """The line through two points meets the curve in a third; the sum is that one's mirror image."""
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        slope = (
            (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p) if one == other else (y2 - y1) * pow(x2 - x1, -1, self.p)
        )
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, number: int, point: Point) -> Point:
        return _times(self.add, number, point, self.neutral)


@dataclass(frozen=True)
class Edwards:
    """ax² + y² = 1 + dx²y², counted modulo p; the base point B has the order n, there called L (RFC 8037 §3.1)."""

    p: int
    a: int
    d: int
    base: tuple[int, int]
    n: int
    size: int  # bytes of an encoded point
    cofactor: int  # what both sides are multiplied by before they are compared; 1 where that is not done

    @property
    def neutral(self) -> tuple[int, int]:
        return 0, 1

    def add(self, one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        """One formula for all points: what is divided by is never zero on these curves."""
        (x1, y1), (x2, y2) = one, other
        both = self.d * x1 * x2 * y1 * y2
        x = (x1 * y2 + y1 * x2) * pow(1 + both, -1, self.p)
        y = (y1 * y2 - self.a * x1 * x2) * pow(1 - both, -1, self.p)
        return x % self.p, y % self.p

    def times(self, number: int, point: tuple[int, int]) -> tuple[int, int]:
        return _times(self.add, number, point, self.neutral)

    def minus(self, point: tuple[int, int]) -> tuple[int, int]:
        return -point[0] % self.p, point[1]

    def encoded(self, point: tuple[int, int]) -> bytes:
        """y, lowest byte first; the highest bit says whether x is odd."""
        x, y = point
        return (y | (x & 1) << (self.size * 8 - 1)).to_bytes(self.size, "little")

    def decoded(self, data: bytes) -> tuple[int, int] | None:
        """The point of its bytes; None where no point of the curve has that y."""
        number = int.from_bytes(data, "little")
        is_odd, y = number >> (self.size * 8 - 1), number & ((1 << (self.size * 8 - 1)) - 1)
        y %= self.p
        x = _root((1 - y * y) * pow(self.a - self.d * y * y, -1, self.p) % self.p, self.p)
        if x is None:
            return None
        return (x if x % 2 == is_odd else -x % self.p), y


def _times(add: Callable[[P, P], P], number: int, point: P, neutral: P) -> P:
    """The point, added to itself so often: doubled for every binary digit, and added where the digit is 1."""
    total = neutral
    for digit in f"{number:b}":
        total = add(total, total)
        if digit == "1":
            total = add(total, point)
    return total


def _root(square: int, p: int) -> int | None:
    """A square root modulo p, for the two primes of these curves: p mod 4 is 3, or p mod 8 is 5."""
    root = pow(square, (p + 1) // 4, p) if p % 4 == 3 else pow(square, (p + 3) // 8, p)
    if p % 4 == 1 and root * root % p != square:
        root = root * pow(2, (p - 1) // 4, p) % p
    return root if root * root % p == square else None


CURVES = {
    "P-256": Curve(
        p=2**256 - 2**224 + 2**192 + 2**96 - 1,
        a=-3,
        b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        base=(
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
        n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    "P-384": Curve(
        p=2**384 - 2**128 - 2**96 + 2**32 - 1,
        a=-3,
        b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        base=(
            0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
            0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        ),
        n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
    "P-521": Curve(
        p=2**521 - 1,
        a=-3,
        b=int(
            "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF1"
            "09E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
            16,
        ),
        base=(
            int(
                "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D"
                "3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
                16,
            ),
            int(
                "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E"
                "662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
                16,
            ),
        ),
        n=int(
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "FFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
            16,
        ),
    ),
    "secp256k1": Curve(
        p=2**256 - 2**32 - 977,
        a=0,
        b=7,
        base=(
            0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
            0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
        ),
        n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
}

_P25519 = 2**255 - 19
_P448 = 2**448 - 2**224 - 1

EDWARDS = {
    "Ed25519": Edwards(
        p=_P25519,
        a=-1,
        d=-121665 * pow(121666, -1, _P25519) % _P25519,
        base=(
            0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A,
            0x6666666666666666666666666666666666666666666666666666666666666658,
        ),
        n=2**252 + 27742317777372353535851937790883648493,
        size=32,
        cofactor=1,
    ),
    "Ed448": Edwards(
        p=_P448,
        a=1,
        d=-39081,
        base=(
            int(
                "4F1970C66BED0DED221D15A622BF36DA9E146570470F1767EA6DE324"
                "A3D3A46412AE1AF72AB66511433B80E18B00938E2626A82BC70CC05E",
                16,
            ),
            int(
                "693F46716EB6BC248876203756C9C7624BEA73736CA3984087789C1E"
                "05A0C2D73AD3FF1CE67C39C4FDBD132C4ED7C8AD9808795BF230FA14",
                16,
            ),
        ),
        n=2**446 - 13818066809895115352007386748515426880336692474882178609894547503885,
        size=57,
        cofactor=4,
    ),
}
