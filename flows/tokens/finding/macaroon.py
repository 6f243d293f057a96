"""A macaroon's packets: where it is for, what it is called, and its caveats. It has no RFC.

Version 1 is a line for each packet, its length in front as four hexadecimal digits; version 2 is binary. The format is
that of libmacaroons, doc/format.txt.
"""

from __future__ import annotations

from dataclasses import dataclass

_MOST = 200  # packets
_V2_NAMES = {1: "location", 2: "identifier", 4: "verification id", 6: "signature"}
_V1_NAMES = {"cid": "caveat", "vid": "verification id", "cl": "caveat location"}


@dataclass(frozen=True)
class Packets:
    """The version, and (name, bytes) of each packet in its order; `whole` is False where something is missing."""

    version: int
    packets: tuple[tuple[str, bytes], ...]
    whole: bool


def read(data: bytes) -> Packets | None:
    """None for what is no macaroon."""
    return _read_v2(data) if data[:1] == b"\x02" else _read_v1(data)


def _read_v1(data: bytes) -> Packets | None:
    packets: list[tuple[str, bytes]] = []
    at = 0
    while at < len(data) and len(packets) < _MOST:
        digits = data[at : at + 4]
        if len(digits) < 4 or digits.strip(b"0123456789abcdefABCDEF"):
            break
        length = int(digits, 16)
        name, space, value = data[at + 4 : at + length].partition(b" ")
        if length < 6 or not space or not name.isalpha():
            break
        packets.append((_V1_NAMES.get(name.decode(), name.decode()), value.removesuffix(b"\n")))
        at += length
    names = [name for name, _ in packets]
    if not {"location", "identifier"} & set(names[:2]):
        return None
    return Packets(1, tuple(packets), at == len(data) and names[-1] == "signature")


def _read_v2(data: bytes) -> Packets | None:
    """A location and an identifier, then the caveats, each ended by a zero, one zero more, and the signature."""
    packets: list[tuple[str, bytes]] = []
    at, sections = 1, 0
    while at < len(data) and len(packets) < _MOST:
        kind = data[at]
        at += 1
        if kind == 0:
            sections += 1
            continue
        length, at = _varint(data, at)
        if kind not in _V2_NAMES or at + length > len(data):
            break
        name = "caveat" if sections and kind == 2 else _V2_NAMES[kind]
        packets.append((name, data[at : at + length]))
        at += length
    if not packets or packets[0][0] not in ("location", "identifier"):
        return None
    return Packets(2, tuple(packets), at == len(data) and packets[-1][0] == "signature")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 35:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            break
        shift += 7
    return value, at
