"""Bit by bit: bytes and their characters, signatures worked out by hand, a changed letter, and the page of all that."""

from __future__ import annotations

import hashlib
import json
import re
from html import unescape
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from conftest import walk
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spec_sections import heading
from test_verify import ALGORITHMS, PRIVATE, RSA, encoded, held, public, signed
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.stage import Stage
from flows.tokens import base64url
from flows.tokens.by_hand import worked
from flows.tokens.by_hand.bit_by_bit import changed, next_letter, parts, suggested, text_of, window
from flows.tokens.by_hand.curves import CURVES, EDWARDS
from flows.tokens.by_hand.signed_anew import can_sign, signed_anew
from flows.tokens.by_hand.steps import Step, Value, Worked
from flows.tokens.read import Encrypted, Signed, part, read
from flows.tokens.ring import Held, read_keys
from flows.tokens.verify import SIGNING_ALGORITHMS, Verified, choose

EXAMPLES = {
    each["id"]: each
    for each in json.loads((Path(__file__).parent / "vectors" / "rfc_examples.json").read_text())["examples"]
}
OURS = {"Sec-Fetch-Site": "same-origin"}
SHA256_INFO = "3031300d060960864801650304020105000420"


def token_of(text: str) -> Signed:
    token = read(text)
    assert isinstance(token, Signed)
    return token


def by_hand(text: str, *keys: Held) -> tuple[Verified, Worked]:
    """What the library says, and what is worked out."""
    token = token_of(text)
    signature = token.signatures[0]
    alg = signature.header.text("alg")
    verified = choose(keys, token, signature, alg)
    return verified, worked(token, signature, alg, verified)


def published(name: str) -> Worked:
    keys, _ = read_keys(json.dumps(EXAMPLES[name]["key"]))
    verified, work = by_hand(EXAMPLES[name]["token"], *keys)
    assert verified.key is keys[0]
    assert work.fits is True
    assert work.stopped == ""
    return work


def step(work: Worked, begins: str) -> Step:
    (found,) = (each for each in work.steps if each.title.startswith(begins))
    return found


def values(step: Step) -> dict[str, bytes]:
    return {each.name: each.data for each in step.values}


def pieces(value: Value) -> dict[str, str]:
    return {each.name: each.data.hex() for each in value.pieces}


# bytes and characters


def test_three_bytes_are_four_characters() -> None:
    (group,) = window(part("header", "eyJh")).groups
    assert [(each.text, each.hex, each.bits) for each in group.bytes] == [
        ("{", "7b", "01111011"),
        ('"', "22", "00100010"),
        ("a", "61", "01100001"),
    ]
    assert [(each.letter, each.value, each.bits) for each in group.characters] == [
        ("e", 30, "011110"),
        ("y", 50, "110010"),
        ("J", 9, "001001"),
        ("h", 33, "100001"),
    ]
    assert [each.digit for each in group.bits] == list("011110110010001001100001")
    assert [(each.byte, each.character) for each in group.bits][5:9] == [(0, 0), (0, 1), (0, 1), (1, 1)]
    assert group.says == (
        "Bytes 1 to 3: opening brace 7b is 01111011, quote 22 is 00100010, a 61 is 01100001. "
        "By sixes: 011110 is 30, e, 110010 is 50, y, 001001 is 9, capital J, 100001 is 33, h."
    )


@pytest.mark.parametrize(("data", "letters", "filler"), [(b"a", "YQ", 4), (b"ab", "YWI", 2), (b"abc", "YWJj", 0)])
def test_last_character_is_filled_up_with_bits_of_no_byte(data: bytes, letters: str, filler: int) -> None:
    (group,) = window(part("payload", letters)).groups
    assert bytes(each.value for each in group.bytes) == data
    assert "".join(each.letter for each in group.characters) == letters
    assert group.filler == filler
    assert [each.byte for each in group.bits][-filler:] == ([None] * filler or [each.byte for each in group.bits])


def test_window_moves_by_twelve_bytes_and_stays_within_the_part() -> None:
    of = part("payload", base64url.encode(b"The true sign of intelligence"))
    one = window(of)
    assert (one.at, one.end, one.back, one.further, one.size, one.characters) == (0, 12, None, 12, 29, 39)
    last = window(of, 10_000)
    assert (last.at, last.end, last.back, last.further) == (24, 29, 12, None)
    assert window(of, 13) == window(of, 12)


def test_letter_of_several_bytes_stands_over_each_of_them_and_what_cannot_be_seen_is_drawn() -> None:
    of = part("payload", base64url.encode("é\n €".encode()))
    assert [each.text for group in window(of).groups for each in group.bytes] == ["é", "é", "␊", "␣", "€", "€", "€"]
    assert window(part("signature", base64url.encode(b"\xff\xfe\xfd"))).is_text is False


def test_what_base64url_does_not_have_is_left_out_as_it_is_when_the_part_is_read() -> None:
    (group,) = window(part("header", "e y=J!h")).groups
    assert "".join(each.letter for each in group.characters) == "eyJh"


# signatures, published ones: RFC 7515 A.1 to A.4, RFC 8037 A.4


def test_hmac_of_rfc_7515_is_two_hashes_one_within_the_other() -> None:
    work = published("rfc7515-A.1")
    secret = base64url.decode(EXAMPLES["rfc7515-A.1"]["key"]["k"]).data
    message = EXAMPLES["rfc7515-A.1"]["token"].rpartition(".")[0].encode()
    assert len(secret) == 64
    assert values(step(work, "The secret, filled up to 64 bytes"))["K"] == secret
    two = values(step(work, "Two keys"))
    assert two == {
        "K ⊕ ipad": bytes(each ^ 0x36 for each in secret),
        "K ⊕ opad": bytes(each ^ 0x5C for each in secret),
    }
    inner = values(step(work, "The inner hash"))["inner hash"]
    assert inner == hashlib.sha256(two["K ⊕ ipad"] + message).digest()
    (compared,) = step(work, "Compare").compared
    assert compared.one.data.hex() == "7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79"
    assert compared.one.data == compared.other.data


def test_rsa_of_rfc_7515_undone_is_filling_digest_info_and_hash() -> None:
    work = published("rfc7515-A.2")
    hashed = values(step(work, "Its hash"))["h"].hex()
    undone = step(work, "Undone")
    assert values(undone)["e"].hex() == "010001"
    m = undone.values[-1]
    assert len(m.data) == 256
    assert pieces(m) == {
        "begins": "0001",
        "202 × ff": "ff" * 202,
        "ends": "00",
        "DigestInfo": SHA256_INFO,
        "h": hashed,
    }
    assert m.data == values(step(work, "Filled up"))["m"]
    assert [each.are_equal for each in step(work, "Compare").compared] == [True, True]


def test_ecdsa_of_rfc_7515_finds_the_point_whose_x_is_r() -> None:
    work = published("rfc7515-A.3")
    curve = CURVES["P-256"]
    two = step(work, "Two numbers in")
    r, s = (int(each, 16) for each in pieces(two.values[0]).values())
    # R and S as RFC 7515 A.3.1 prints them
    assert r.to_bytes(32, "big")[:8] == bytes([14, 209, 33, 83, 121, 99, 108, 72])
    assert s.to_bytes(32, "big")[:8] == bytes([197, 10, 7, 211, 140, 60, 112, 229])
    z = int.from_bytes(values(step(work, "Its hash"))["z"], "big")
    u1, u2 = (int.from_bytes(each, "big") for each in values(step(work, "Two numbers made")).values())
    assert (u1 * s - z) % curve.n == 0
    assert (u2 * s - r) % curve.n == 0
    found = {each.name: pieces(each) for each in step(work, "The point").values}
    key = EXAMPLES["rfc7515-A.3"]["key"]
    assert found["Q"] == {axis: base64url.decode(key[axis]).data.hex() for axis in "xy"}
    # d is published, so the signer's k can be had, and with it the point that was begun with
    d = int.from_bytes(base64url.decode(key["d"]).data, "big")
    k = (z + r * d) * pow(s, -1, curve.n) % curve.n
    numbers = ec.derive_private_key(k, ec.SECP256R1()).public_key().public_numbers()
    assert {axis: int(each, 16) for axis, each in found["R"].items()} == {"x": numbers.x, "y": numbers.y}
    (compared,) = step(work, "Compare").compared
    assert int.from_bytes(compared.one.data, "big") == r == numbers.x % curve.n


def test_ecdsa_on_the_longest_curve_of_rfc_7515_fits() -> None:
    work = published("rfc7515-A.4")
    assert len(step(work, "Two numbers in").values[0].data) == 132


def test_ed25519_of_rfc_8037_finds_its_point_again() -> None:
    work = published("rfc8037-A.4")
    halves = pieces(step(work, "A point and a number").values[0])
    # RFC 8037 A.4 prints the signature
    assert halves["R"] == "860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e"
    assert halves["S"] == "9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02"
    over_all = values(step(work, "The hash, over all of it"))
    message = EXAMPLES["rfc8037-A.4"]["token"].rpartition(".")[0].encode()
    assert over_all["A"].hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    hashed = hashlib.sha512(bytes.fromhex(halves["R"]) + over_all["A"] + message).digest()
    assert over_all["k"] == (int.from_bytes(hashed, "little") % EDWARDS["Ed25519"].n).to_bytes(32, "little")
    found = values(step(work, "Two points"))
    curve = EDWARDS["Ed25519"]
    s_b, k_a, r = (curve.decoded(each) for each in (found["S·B"], found["k·A"], bytes.fromhex(halves["R"])))
    assert s_b and k_a and r
    assert s_b == curve.add(r, k_a)
    (compared,) = step(work, "Compare").compared
    assert compared.one.data.hex() == halves["R"]


# signatures, of every algorithm: the library and the formulas agree


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_is_worked_out_and_the_library_agree(alg: str) -> None:
    text = signed(alg)
    header, payload, signature = text.split(".")
    data = base64url.decode(signature).data
    other = f"{header}.{base64url.encode(b'{}')}"
    altered = [f"{other}.{signature}"]
    for at in (0, len(data) // 2, len(data) - 1):
        flipped = bytes(byte ^ 4 if place == at else byte for place, byte in enumerate(data))
        altered.append(f"{header}.{payload}.{base64url.encode(flipped)}")
    altered += [f"{header}.{payload}.{base64url.encode(each)}" for each in (data[:-1], data + b"\0", bytes(len(data)))]
    for key in (public(alg), held(PRIVATE[alg])):
        verified, work = by_hand(text, key)
        assert (work.fits, work.key) == (True, key)
        assert verified.key is key
    for each in altered:
        verified, work = by_hand(each, public(alg))
        assert verified.key is None
        assert work.fits is False, each


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_without_a_key_the_steps_are_there_and_say_what_is_missing(alg: str) -> None:
    _, with_key = by_hand(signed(alg), public(alg))
    _, work = by_hand(signed(alg))
    assert work.fits is None
    assert [each.title for each in work.steps] == [each.title for each in with_key.steps]
    missing = {each.missing for each in work.steps} - {""}
    assert len(missing) == 1
    assert missing.pop().startswith("The secret is missing." if alg[0] == "H" else "The public key is missing: ")
    for each in work.steps:
        assert not each.missing or each.half in ("secret", "public", "none")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_step_names_what_goes_in_and_comes_out_and_cites_a_section(alg: str) -> None:
    for each in by_hand(signed(alg), public(alg))[1].steps:
        assert each.takes and each.gives and each.says
        assert heading(each.rfc)


def test_key_that_is_not_for_this_token_is_not_used_and_the_reason_is_told() -> None:
    _, work = by_hand(signed("ES256"), public("RS256", "the key"))
    assert (work.fits, work.key) == (None, None)
    assert work.stopped == "The key is not used. It is an RSA key, and ES256 takes an EC key."


def test_first_key_that_is_for_it_is_worked_with_where_none_verifies() -> None:
    wrong = held(ec.derive_private_key(99, ec.SECP256R1()).public_key(), "another")
    _, work = by_hand(signed("ES256"), public("RS256"), wrong)
    assert (work.fits, work.key) == (False, wrong)
    assert [each.are_equal for each in step(work, "Compare").compared] == [False]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"alg": "none"}, "`alg` is `none`: nothing was computed, and there is nothing to check."),
        ({"alg": "nOnE"}, "`alg` is `none`: nothing was computed, and there is nothing to check."),
        ({"alg": "XS1"}, "`XS1` is no signature algorithm that is known here."),
        ({}, "The header names no `alg`."),
    ],
)
def test_algorithm_that_signs_nothing_has_no_steps(header: dict[str, Any], says: str) -> None:
    _, work = by_hand(encoded(header) + ".AAAA")
    assert (work.steps, work.fits, work.stopped) == ((), None, says)


def test_signature_that_was_cut_off_does_not_fit() -> None:
    _, work = by_hand(signed("RS256").rpartition(".")[0] + ".", public("RS256"))
    assert (work.fits, len(work.steps)) == (False, 1)
    assert work.stopped == "There is no signature: it was cut off, or never made."


@pytest.mark.parametrize("length", [20, 64, 65, 200])
def test_secret_is_filled_up_or_hashed_first(length: int) -> None:
    secret = bytes(range(1, length + 1))
    key = held(secret)
    _, work = by_hand(signed("HS256", secret), key)
    assert work.fits is True
    fill = step(work, "The secret, filled up")
    expected = secret if length <= 64 else hashlib.sha256(secret).digest()
    assert values(fill)["K"] == expected.ljust(64, b"\0")
    assert (len(secret) > 64) == ("makes it shorter first" in fill.says)


@pytest.mark.parametrize("alg", ["RS512", "PS512"])
def test_rsa_key_too_short_for_the_hash_is_told(alg: str) -> None:
    p, q = 0xD3E62BC4A66F76C1E9D4A94C2B3E7F01 | 1, 0xE0D5A3BF29F3E8FF5B7B3F3E7C3A0B15 | 1
    key = held(rsa.RSAPublicNumbers(65537, p * q).public_key())
    verified, work = by_hand(f"{encoded({'alg': alg})}.{base64url.encode(bytes(32))}", key)
    assert (verified.key, work.fits) == (None, False)
    assert "too short for" in work.stopped


@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_largest_rsa_key_is_worked_out_within_a_second(alg: str) -> None:
    n = (1 << 16_384) - 3
    key = held(rsa.RSAPublicNumbers(65537, n).public_key())
    begun = perf_counter()
    verified, work = by_hand(f"{encoded({'alg': alg})}.{base64url.encode(bytes(range(256)) * 8)}", key)
    assert perf_counter() - begun < 20  # it does not hang; tests/bench.py says how fast it is
    assert (verified.key, work.fits) == (None, False)


def test_exponent_that_would_take_too_long_is_not_computed_with() -> None:
    n = (1 << 4_096) - 3
    key = held(rsa.RSAPublicNumbers((1 << 80) + 1, n).public_key())
    _, work = by_hand(f"{encoded({'alg': 'RS256'})}.{base64url.encode(bytes(511) + b'2')}", key)
    assert work.fits is None
    assert work.stopped.startswith("The exponent e has 81 bits.")


def test_of_a_long_token_only_the_hash_is_worked_out() -> None:
    message = encoded({"alg": "RS256"}, "x" * 64_000)
    signature = base64url.encode(SIGNING_ALGORITHMS["RS256"].computes.sign(message.encode(), RSA))
    _, work = by_hand(f"{message}.{signature}", public("RS256"))
    assert [each.title for each in work.steps] == ["What is signed", "Its hash, by SHA-256"]
    assert values(work.steps[1])["h"] == hashlib.sha256(message.encode()).digest()
    assert work.fits is None


def test_point_of_ed448_is_compared_times_four_as_the_library_does() -> None:
    """A point of order 2 added to R makes no difference there; whoever compares R alone says otherwise."""
    private, curve = PRIVATE["Ed448"], EDWARDS["Ed448"]
    seed = hashlib.shake_256(private.private_bytes_raw()).digest(114)
    a = int.from_bytes(bytes([seed[0] & 252]) + seed[1:55] + bytes([seed[55] | 128, 0]), "little")
    public_bytes = private.public_key().public_bytes_raw()
    assert curve.encoded(curve.times(a, curve.base)) == public_bytes
    message = encoded({"alg": "Ed448"})
    r = curve.encoded(curve.add(curve.times(12_345, curve.base), (0, curve.p - 1)))
    hashed = hashlib.shake_256(b"SigEd448\0\0" + r + public_bytes + message.encode()).digest(114)
    s = (12_345 + int.from_bytes(hashed, "little") * a) % curve.n
    verified, work = by_hand(f"{message}.{base64url.encode(r + s.to_bytes(57, 'little'))}", public("Ed448"))
    assert (verified.key is not None, work.fits) == (True, True)


@pytest.mark.parametrize(("name", "curve"), [*CURVES.items()])
def test_points_of_a_curve_are_those_of_the_library(name: str, curve: Any) -> None:
    x, y = curve.base
    assert (y * y - x**3 - curve.a * x - curve.b) % curve.p == 0
    assert curve.times(curve.n, curve.base) is None
    made = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1, "secp256k1": ec.SECP256K1}[name]()
    for number in (1, 2, 3, 112233445566778899, curve.n - 1):
        numbers = ec.derive_private_key(number, made).public_key().public_numbers()
        assert curve.times(number, curve.base) == (numbers.x, numbers.y)


# a changed letter


def the_change(text: str, new: str) -> Any:
    token = token_of(text)
    return changed(token, token.signatures[0], token.signatures[0].header.text("alg"), new)


def test_one_letter_changes_one_or_two_characters_and_the_signature_does_not_fit_any_more() -> None:
    text = signed("ES256")
    token = token_of(text)
    payload = '{"sub":"alice"}'
    assert (text_of(token), suggested(token)) == (payload, payload.index('e"'))
    change = the_change(text, '{"sub":"alicf"}')
    assert (change.at, change.is_one_letter) == (12, True)
    assert [(each.at, each.old, each.new) for each in change.letters if each.differs] == [(12, "e", "f")]
    # e is 01100101 and f 01100110: the byte begins a group, so both bits that differ are in its second character
    assert [(each.at, each.old, each.new) for each in change.pairs if each.differs] == [(17, "S", "i")]
    assert (change.differing, change.characters) == (1, 20)
    ((before, after),) = change.carried
    assert [each.text for each in before.bytes] == ["e", '"', "}"]
    assert [place for place, bit in enumerate(before.bits) if bit.differs] == [6, 7]
    assert [bit.digit for bit in after.bits if bit.differs] == ["1", "0"]
    assert choose([public("ES256")], token, token.signatures[0], "ES256").key
    assert choose([public("ES256")], change.token, token.signatures[0], "ES256").key is None


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.isascii()), st.data())
def test_one_ascii_letter_never_changes_more_than_two_characters(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    new = text[:at] + next_letter(text[at]) + text[at + 1 :]
    message = f"{base64url.encode(json.dumps({'alg': 'HS256'}).encode())}.{base64url.encode(text.encode())}.AAAA"
    change = the_change(message, new)
    if change is None:
        assert text == new
    else:
        assert change.differing in (1, 2)
        assert change.is_one_letter


def test_half_of_the_bits_of_the_hash_are_others() -> None:
    change = the_change(signed("RS512"), '{"sub":"alicf"}')
    old, new = (
        hashlib.sha512(f"{encoded({'alg': 'RS512'}, payload)}".encode()).digest()
        for payload in ('{"sub":"alice"}', '{"sub":"alicf"}')
    )
    assert (change.hash_name, change.hashes) == ("SHA-512", (old, new))
    assert change.bits == (int.from_bytes(old) ^ int.from_bytes(new)).bit_count()
    assert 180 < change.bits < 332


def test_hash_of_eddsa_is_over_r_and_the_public_key_too_and_needs_it() -> None:
    text = EXAMPLES["rfc8037-A.4"]["token"]
    token = read(text)
    assert isinstance(token, Signed)
    signature, payload = token.signatures[0], token.payload.data.decode()
    (held,), _ = read_keys(json.dumps(EXAMPLES["rfc8037-A.4"]["key"]))
    change = changed(token, signature, "EdDSA", payload + "x", held.key)
    assert change
    r_and_a = signature.signature.data[:32] + held.key.public_key.public_bytes_raw()  # type: ignore[union-attr]
    assert change.hash_name == "SHA-512(R ‖ A ‖ M)"
    assert change.hashes[0] == hashlib.sha512(r_and_a + text.rpartition(".")[0].encode()).digest()
    assert change.hashes[1] != change.hashes[0]
    without = changed(token, signature, "EdDSA", payload + "x")
    assert without and without.hashes == (b"", b"")


def test_letter_that_is_new_moves_all_that_is_behind_it() -> None:
    change = the_change(signed("HS256"), '{"sub":"aalice"}')
    assert change.is_one_letter is False
    assert change.characters == 22
    assert change.differing > 5


def test_payload_that_is_no_text_has_no_letters() -> None:
    token = token_of(f"{base64url.encode(b'{}')}.{base64url.encode(bytes([255, 254]))}.AAAA")
    assert text_of(token) is None
    assert changed(token, token.signatures[0], "", "x") is None


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_signature_is_made_anew_only_with_the_private_half(alg: str) -> None:
    private, half = held(PRIVATE[alg]), public(alg)
    assert (can_sign(private), can_sign(half)) == (True, alg[0] == "H")
    message, _, sent = signed(alg).rpartition(".")
    made = signed_anew(private, alg, message.encode())
    assert made is not None
    assert SIGNING_ALGORITHMS[alg].computes.verify(message.encode(), half.key.public_key, made)
    assert (base64url.encode(made) == sent) == (alg[:2] not in ("ES", "PS"))


# whatever comes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.sampled_from([*ALGORITHMS, "none", "", "HS", "ES256KK"]),
    st.binary(max_size=140),
    st.binary(max_size=80),
    st.sampled_from(ALGORITHMS),
    st.text(max_size=20),
)
def test_nothing_raises_and_the_library_is_never_contradicted(
    alg: str, signature: bytes, payload: bytes, key: str, new: str
) -> None:
    header = base64url.encode(json.dumps({"alg": alg}).encode())
    text = f"{header}.{base64url.encode(payload)}.{base64url.encode(signature)}"
    verified, work = by_hand(text, public(key))
    assert work.fits is None or work.fits == bool(verified.key)
    token = token_of(text)
    changed(token, token.signatures[0], alg, new)
    for each in parts(token).values():
        assert window(each, len(payload) - 3).groups


@given(st.text(max_size=200), st.integers(-5, 300))
def test_any_text_as_a_part_can_be_looked_at(text: str, at: int) -> None:
    one = window(part("payload", text), at)
    assert (
        b"".join(bytes([each.value]) for group in one.groups for each in group.bytes)
        == part("payload", text).data[one.at : one.end]
    )
    assert all(group.says for group in one.groups)


def test_parts_of_an_encrypted_token_are_there_and_empty_ones_are_not() -> None:
    token = read(EXAMPLES["rfc7516-A.3"]["token"])
    assert isinstance(token, Encrypted)
    assert list(parts(token)) == ["header", "encrypted_key", "iv", "ciphertext", "tag"]
    assert list(parts(token_of("eyJhbGciOiJub25lIn0.e30."))) == ["header", "payload"]


# the page


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def post(browser: Client, pasted: str, **fields: str) -> TestResponse:
    return browser.post("/bits", data={"pasted": pasted, **fields}, headers=OURS)


def plain(answer: TestResponse) -> str:
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", "", main.partition(">")[2], flags=re.DOTALL)).split())


def field(answer: TestResponse, name: str) -> str:
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1])  # type: ignore[index]


def test_without_a_token_it_offers_one_of_each_kind_that_are_real(browser: Client) -> None:
    answer = browser.get("/bits")
    offered = re.findall(r'<a href="(/bits\?[^"]+)">([^<]+)</a>', answer.text)
    assert [title for _, title in offered] == ["Signed with ES256", "Signed with RS256", "Signed with EdDSA"]
    for href, title in offered:
        shown = browser.get(unescape(href))
        assert shown.status_code == 200
        said = plain(shown)
        assert f"The signature, step by step {title.rpartition(' ')[2]} It fits" in said
        assert "the library that the decoder verifies with, was asked as well and says the same: it fits." in said
        assert "From step 7 of a recorded walk: back to it" in said
        assert "It does not fit any more." in said
        assert "that stays with the server that issued this token" in said
    made = post(browser, field(answer, "pasted"), key=field(answer, "key"))
    assert "The signature, step by step HS256 It fits" in plain(made)


def test_token_of_a_run_is_worked_out_with_the_key_of_its_realm(stage: Stage, browser: Client) -> None:
    run = walk(stage, until="redeem_code")
    at = run.walked[-1].position
    answer = browser.get(f"/bits?run={run.id}&exchange={at}&value=access_token")
    assert f"The key is key {run.realm.signing_keys[0].kid} of this app’s realm {run.id}." in plain(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get(f"/bits?run={run.id}&exchange=99&value=access_token").status_code == 404


def test_window_moves_and_begins_anew_with_another_part(browser: Client) -> None:
    text = signed("HS256")
    first = post(browser, text)
    seen = field(first, "seen")
    assert "Bytes 1 to 12 of 16." in plain(first)
    further = post(browser, text, seen=seen, part="header", at="12")
    assert "Bytes 13 to 16 of 16. The last character is filled up with 4 zeros." in plain(further)
    pressed = {
        "pasted": text,
        "seen": seen,
        "part": ["header", "signature"],
        "at": "12",
    }  # a button, and what was before
    other = browser.post("/bits", data=pressed, headers=OURS)
    assert "Bytes 1 to 12 of 32. It is no text, so there are no letters to show above its bytes." in plain(other)
    assert "Bytes 1 to 12 of 16." in plain(post(browser, text, seen="another", part="signature", at="12"))


def test_letter_is_changed_by_number_or_in_the_text(browser: Client) -> None:
    text = signed("HS256")
    seen = field(post(browser, text), "seen")
    secret = {"key": "h" * 32, "seen": seen}
    answer = post(browser, text, **secret, how="letter", position="9", letter="m")
    assert "<del>a</del>" in answer.text and "<ins>m</ins>" in answer.text
    assert "1 of 20 characters is another." in plain(answer) or "2 of 20 characters are others." in plain(answer)
    assert "It does not fit any more. It was verified with the secret, as text" in plain(answer)
    edited = post(browser, text, **secret, how="text", edited='{"sub":"alice","admin":true}')
    assert "A letter more or less moves all bits behind it." in plain(edited)
    same = post(browser, text, **secret, how="text", edited='{"sub":"alice"}')
    assert "Nothing is changed: this is the payload as it was." in plain(same)


def test_line_breaks_that_a_browser_posts_are_no_change(browser: Client) -> None:
    for payload in ('{"a":1,\n"b":2}', EXAMPLES["rfc7515-A.1"]["payload_utf8"]):
        text = f"{encoded({'alg': 'HS256'}, payload)}.AAAA"
        seen = field(post(browser, text), "seen")
        posted = payload.replace("\r\n", "\n").replace("\n", "\r\n")
        assert "Nothing is changed" in plain(post(browser, text, seen=seen, how="text", edited=posted))


def test_new_signature_is_made_only_when_asked_for_and_only_with_the_private_half(browser: Client) -> None:
    text = signed("RS256")
    pem = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    answer = post(browser, text, key=pem)
    seen = field(answer, "seen")
    assert "Sign the changed one anew" in answer.text
    assert "signed anew" not in plain(answer)
    unasked = post(browser, text, key=pem, seen=seen, remake="1")
    assert "a private key would be needed here. The key to check with is never signed with." in plain(unasked)
    assert "signed anew" not in plain(unasked)
    remade = post(browser, text, signing=pem, seen=seen, remake="1")
    assert plain(remade).count(text.rpartition(".")[2]) >= 2
    assert "Over the same characters the same signature came out." in plain(remade)
    half = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    asked = post(browser, text, signing=half, seen=seen, remake="1")
    assert "This is a public key, which can only check." in plain(asked)
    salted = signed("PS256")
    again = post(browser, salted, signing=pem, seen=field(post(browser, salted), "seen"), remake="1")
    assert "for each signature something is drawn at random" in plain(again)


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("nothing here", "Nothing in this looks like a token."),
        (EXAMPLES["rfc7516-A.3"]["token"], "It is encrypted, and not signed: there is no signature to work out."),
        (EXAMPLES["rfc7515-A.5"]["token"], "alg is none: nothing was computed, and there is nothing to check."),
        (json.dumps(EXAMPLES["rfc7515-A.6"]["token"]), "step by step RS256"),
        (json.dumps({"payload": "e30", "signatures": []}), "There is no signature in it."),
        (EXAMPLES["rfc7515-F"]["token"], "The signature, step by step HS256"),
    ],
)
def test_whatever_is_pasted_is_answered_with_a_sentence(browser: Client, pasted: str, says: str) -> None:
    answer = post(browser, pasted)
    assert answer.status_code == 200
    assert says in plain(answer)


def test_payload_that_travelled_beside_the_token_and_a_second_signature(browser: Client) -> None:
    detached = EXAMPLES["rfc7515-F"]
    key = json.dumps(detached["key"])
    answer = post(browser, detached["token"], key=key, detached=detached["detached_payload_utf8"])
    assert "HS256 It fits" in plain(answer)
    two = EXAMPLES["rfc7515-A.6"]
    answer = post(browser, json.dumps(two["token"]), key=json.dumps({"keys": [*two["keys"].values()]}), which="1")
    assert "ES256 It fits" in plain(answer)


def test_what_is_too_long_is_told_by_its_size_and_a_long_token_is_still_looked_at(browser: Client) -> None:
    answer = post(browser, "x" * 1_000_001)
    assert (answer.status_code, "Too long. What was sent is 1,000,001 bytes" in plain(answer)) == (413, True)
    message = encoded({"alg": "HS256"}, json.dumps({"a": "x" * 90_000}))
    begun = perf_counter()
    answer = post(browser, f"{message}.{base64url.encode(bytes(32))}", key="k" * 32)
    assert perf_counter() - begun < 20  # it does not hang; tests/bench.py says how fast it is
    assert "Above" not in plain(answer)
    assert "Letters are changed in those of up to 64,000." in plain(answer)


def test_names_of_a_pasted_token_are_text_on_the_page(browser: Client) -> None:
    text = encoded({"alg": "<script>x</script>"}, '{"<b>":1}') + ".AAAA"
    answer = post(browser, text, key="<i>", letter='"><u>', position="3", seen=field(post(browser, text), "seen"))
    assert not re.search("<script>x|<b>&#34;|<i></|<u>", answer.text)


def test_decoder_leads_here_with_its_token_and_its_key(browser: Client) -> None:
    text = signed("HS256")
    answer = browser.post(
        "/decode",
        data={"pasted": text, "key": "h" * 32, "view": "bytes"},
        headers=OURS,
        content_type="multipart/form-data",
    )
    form = re.search(r'<form class="pad" method="post" action="/bits">(.*?)</form>', answer.text, re.DOTALL)
    assert form
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1])}
    assert "HS256 It fits" in plain(post(browser, **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"position": "0", "letter": ""},
        {"position": "999999", "letter": "\u202e"},
        {"position": "1", "letter": "\u20ac\ud83d"},
        {"which": "99", "at": "999999", "part": "tag"},
        {"how": "text", "edited": ""},
        {"how": "text", "edited": "\ud800"},
        {"key": "{", "key_kind": "hex", "remake": "1"},
        {"run": "nobody", "exchange": "x", "value": "y"},
    ],
)
def test_odd_fields_are_taken_as_far_as_they_go(browser: Client, fields: dict[str, str]) -> None:
    for text in (signed("ES256"), signed("HS256"), f"{encoded({'alg': 'HS256'}, '')}.AAAA"):
        sent = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
        seen = field(post(browser, text), "seen")
        answer = browser.post("/bits", data={"pasted": text, "seen": seen, **sent}, headers=OURS)
        assert answer.status_code == 200
        assert "The signature, step by step" in plain(answer)
