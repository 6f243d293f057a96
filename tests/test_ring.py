"""Keys read from what people paste, each with a name; and a sentence for what is none."""

from __future__ import annotations

import base64
import datetime
import json
from math import gcd
from time import perf_counter
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.tokens import base64url, ring
from flows.tokens.read import read
from flows.tokens.ring import Held, read_keys

EC = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)


def b64(number: int, length: int = 0) -> str:
    return base64url.encode(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


def ec_jwk(**more: Any) -> dict[str, Any]:
    numbers = EC.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64(numbers.x, 32), "y": b64(numbers.y, 32), **more}


def rsa_jwk(**more: Any) -> dict[str, Any]:
    numbers = RSA.public_key().public_numbers()
    return {"kty": "RSA", "n": b64(numbers.n), "e": b64(numbers.e), **more}


def rsa_private(**more: Any) -> dict[str, Any]:
    numbers = RSA.private_numbers()
    return rsa_jwk(**{"d": b64(numbers.d), "p": b64(numbers.p), "q": b64(numbers.q), **more})


def public_pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: str = "") -> str:
    hidden = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, hidden).decode()


def certificate(common_name: str = "wonderland") -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    day = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(EC.public_key()).serial_number(7)
    made = made.not_valid_before(day).not_valid_after(day + datetime.timedelta(days=1))
    return made.sign(EC, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def only(text: str, kind: str = "") -> Held:
    (held,), problems = read_keys(text, kind)
    assert problems == ()
    return held


def called(text: str, kind: str = "") -> list[str]:
    return [held.called for held in read_keys(text, kind)[0]]


def problem(text: str, kind: str = "") -> str:
    keys, (says,) = read_keys(text, kind)
    assert keys == ()
    return says


def secrets(text: str, kind: str = "") -> dict[str, bytes]:
    keys, problems = read_keys(text, kind)
    assert problems == ()
    return {held.called: held.key.raw_value for held in keys}


# a secret


def test_bare_string_is_read_in_every_way_that_it_can_be_text_first() -> None:
    assert list(secrets("cafe42").items()) == [
        ("the secret, as text", b"cafe42"),
        ("the secret, read as hex", b"\xca\xfe\x42"),
        ("the secret, read as base64url", b"q\xa7\xde\xe3"),
    ]


def test_secret_that_is_neither_hex_nor_base64url_is_text_only() -> None:
    assert secrets("open sesame!") == {"the secret, as text": b"open sesame!"}


def test_line_break_at_the_end_is_left_out_first_and_tried_second() -> None:
    assert secrets("no,\n", "text") == {
        "the secret, as text": b"no,",
        "the secret, as text with the line break at its end": b"no,\n",
    }


def test_secret_of_several_lines_has_line_feeds_again_after_a_browser_made_them_cr_lf() -> None:
    assert secrets("a,\r\nb", "text") == {
        "the secret, as text": b"a,\nb",
        "the secret, as text with CR LF": b"a,\r\nb",
    }


@pytest.mark.parametrize("text", ["0001feff", "00:01:FE:FF", "0x0001FeFf", " 00 01 fe ff\n"])
def test_hex_may_be_written_in_several_ways(text: str) -> None:
    assert secrets(text, "hex") == {"the secret, read as hex": b"\x00\x01\xfe\xff"}


@pytest.mark.parametrize(("text", "how"), [("-_8", "base64url"), ("-_8=", "base64"), ("+/8=", "base64")])
def test_base64url_may_be_padded_and_of_the_older_alphabet(text: str, how: str) -> None:
    assert secrets(text, "base64url") == {f"the secret, read as {how}": b"\xfb\xff"}


def test_secret_that_is_not_of_the_chosen_kind_is_refused_in_words() -> None:
    assert problem("xyz", "hex") == "The secret is not hexadecimal: two digits a byte, 0 to 9 and a to f."
    assert problem("a b!", "base64url") == "The secret is no base64url: letters, digits, `-` and `_`."


@pytest.mark.parametrize("text", ["", " \n", "\ufeff"])
def test_nothing_pasted_is_no_key_and_no_problem(text: str) -> None:
    assert read_keys(text) == ((), ())


def test_kind_text_takes_even_pem_as_a_secret() -> None:
    pem = public_pem(EC)
    assert secrets(pem, "text")["the secret, as text with the line break at its end"] == pem.encode()


def test_text_over_64_kb_is_refused_with_its_size() -> None:
    assert problem("x" * 70_000) == "The key is 70 kB of text; at most 64 kB are read."


# PEM


@pytest.mark.parametrize("key", [EC, RSA, ED], ids=["EC", "RSA", "OKP"])
def test_public_pem_is_read(key: Any) -> None:
    held = only(public_pem(key))
    assert held.called == "the public key in the PEM"
    assert held.key.public_key == key.public_key()
    assert not held.key.is_private


@pytest.mark.parametrize(
    ("key", "form", "label"),
    [
        (RSA, PrivateFormat.PKCS8, "PRIVATE KEY"),
        (RSA, PrivateFormat.TraditionalOpenSSL, "RSA PRIVATE KEY"),
        (EC, PrivateFormat.PKCS8, "PRIVATE KEY"),
        (EC, PrivateFormat.TraditionalOpenSSL, "EC PRIVATE KEY"),
        (ED, PrivateFormat.PKCS8, "PRIVATE KEY"),
    ],
)
def test_private_pem_is_read_as_a_private_key_with_its_public_half(key: Any, form: PrivateFormat, label: str) -> None:
    pem = private_pem(key, form)
    assert f"-----BEGIN {label}-----" in pem
    held = only(pem)
    assert held.called == "the private key in the PEM"
    assert held.key.is_private
    assert held.key.public_key == key.public_key()


def test_pkcs1_public_pem_is_read() -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert "BEGIN RSA PUBLIC KEY" in pem
    assert only(pem).key.public_key == RSA.public_key()


def test_several_keys_in_one_pem_are_all_read_with_their_places() -> None:
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    text = parameters + private_pem(EC, PrivateFormat.TraditionalOpenSSL) + "and\n" + public_pem(RSA) + certificate()
    assert called(text) == [
        "the private key in the PEM, block 1",
        "the public key in the PEM, block 2",
        "the certificate's key (CN=wonderland) in the PEM, block 3",
    ]


@pytest.mark.parametrize("passed_through", [" ", "\\n", "\r\n"])
def test_pem_survives_what_happens_to_its_line_breaks(passed_through: str) -> None:
    assert only(public_pem(EC).strip().replace("\n", passed_through)).key.public_key == EC.public_key()


def test_certificate_gives_its_public_key() -> None:
    held = only(certificate())
    assert held.called == "the certificate's key (CN=wonderland) in the PEM"
    assert held.key.public_key == EC.public_key()


def test_key_as_bare_base64_is_read_as_an_issuers_page_shows_it() -> None:
    bare = "".join(public_pem(RSA).split("\n")[1:-2])
    held = only(bare)
    assert held.called == "the public key, read from bare base64"
    assert held.key.public_key == RSA.public_key()
    der = certificate().split("-----")[2]
    assert called(der) == ["the certificate's key (CN=wonderland), read from bare base64"]


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_encrypted_pem_says_that_its_passphrase_is_not_asked_for(form: PrivateFormat) -> None:
    assert problem(private_pem(EC, form, "a passphrase")) == (
        "The private key in the PEM is encrypted with a passphrase, which is not asked for here: "
        "decrypt it first (`openssl pkey -in key.pem`), or give the public key."
    )


def test_broken_pem_says_what_is_broken() -> None:
    pem = public_pem(EC)
    assert problem(pem[:-50]) == "`PUBLIC KEY` in the PEM is cut off: there is no `-----END` line."
    assert (
        problem(pem.replace("MF", "é")) == "`PUBLIC KEY` in the PEM is no base64 between its first and its last line."
    )
    assert problem(pem.replace("MF", "MM")) == "`PUBLIC KEY` in the PEM is no key, no certificate, or a broken one."
    assert problem("-----BEGIN") == "There is no whole `-----BEGIN …-----` line in the PEM."
    openssh = private_pem(ED, PrivateFormat.OpenSSH)
    assert problem(openssh) == "`OPENSSH PRIVATE KEY` in the PEM is in OpenSSH's own format, which is not read here."


def test_key_of_a_kind_that_jose_has_not_is_named() -> None:
    brainpool = public_pem(ec.derive_private_key(7, ec.BrainpoolP256R1()))
    assert problem(brainpool) == "The key is on the curve `brainpoolP256r1`, which JOSE does not use."
    old = public_pem(dsa.generate_private_key(1024))
    assert problem(old) == "It is a key of a kind that JOSE does not use (DSAPublic)."


# JSON


def test_jwk_has_its_kid_in_its_name_and_keeps_what_it_is_for() -> None:
    held = only(json.dumps(ec_jwk(kid="abc", use="sig", alg="ES256", x5u="https://elsewhere.example")))
    assert held.called == "the JWK, kid `abc`"
    assert held.members == {"kid": "abc", "use": "sig", "alg": "ES256"}
    assert held.issuer == ""


def test_jwks_names_its_keys_by_place_and_kid() -> None:
    keys = [ec_jwk(kid="one"), rsa_jwk(), {"kty": "oct", "k": "c2VjcmV0", "kid": "three"}]
    assert called(json.dumps({"keys": keys})) == [
        "key 1 of the JWKS, kid `one`",
        "key 2 of the JWKS",
        "key 3 of the JWKS, kid `three`",
    ]
    assert called(json.dumps(keys))[0] == "key 1 of the list, kid `one`"


def test_broken_keys_of_a_jwks_are_left_out_and_named() -> None:
    broken = [ec_jwk(x="?!"), "text", {}, {"kty": "AKP"}, ec_jwk(crv="P-1"), rsa_jwk(n=7), ec_jwk(kid="good")]
    keys, problems = read_keys(json.dumps({"keys": broken}))
    assert [held.called for held in keys] == ["key 7 of the JWKS, kid `good`"]
    assert problems == (
        "Member `x` of key 1 of the JWKS is no base64url. It is left out.",
        "Key 2 of the JWKS is no JSON object. It is left out.",
        "Key 3 of the JWKS has no `kty`. It is left out.",
        "Key 4 of the JWKS has the `kty` `AKP`, which is not known here. It is left out.",
        "Key 5 of the JWKS has the `crv` `P-1`, which is not known here. It is left out.",
        "Member `n` of key 6 of the JWKS is no text. It is left out.",
    )


def test_key_within_other_json_is_found_and_its_place_said() -> None:
    pem = public_pem(EC)
    text = json.dumps({"alg": "ES256", "cnf": {"jwk": ec_jwk()}, "jwks": {"keys": [rsa_jwk()]}, "k1": pem})
    keys, problems = read_keys(text)
    assert problems == ()
    assert [held.called for held in keys] == [
        "the JWK in `cnf.jwk`",
        "key 1 of the JWKS in `jwks`",
        "the public key in the PEM in `k1`, kid `k1`",
    ]


def test_json_without_a_key_says_what_a_key_would_have() -> None:
    assert problem('{"a": 1}') == "There is no key in this JSON: a JWK has a member `kty`, a JWKS a list `keys`."
    assert problem('{"keys": []}') == "The JWKS is empty."
    assert problem('{"jwks_uri": "https://as.example/jwks"}') == (
        "There is no key in this JSON, only the address `jwks_uri`, which is not fetched: paste what is there."
    )


def test_text_that_only_begins_like_json_says_where_it_goes_wrong_and_what_else_it_may_be() -> None:
    keys, problems = read_keys('{"kty": "oct" "k"')
    assert keys == ()
    assert problems[0] == (
        "It begins like JSON, but is not quite JSON. "
        "A comma or the closing brace is missing after `kty`, at character 15."
    )
    assert problems[-1] == "Member `k` of the JWK is missing."
    assert read_keys("{not json")[1][-1] == "If it is a secret, have it read as text."


def test_member_that_stands_twice_is_told() -> None:
    keys, problems = read_keys('{"kty": "oct", "k": "YQ", "k": "Yg"}')
    assert keys[0].key.raw_value == b"b"
    assert problems == ("`k` stands twice in one object; the last one counts.",)


def test_badly_written_base64url_is_read_and_told() -> None:
    keys, problems = read_keys(json.dumps({"kty": "oct", "k": "-_ 8="}))
    assert keys[0].key.raw_value == b"\xfb\xff"
    assert problems == (
        "Member `k` of the JWK holds spaces or line breaks; they are left out.",
        "Member `k` of the JWK: It ends with padding (`=`), which base64url in a token leaves out.",
    )


EVEN = b64(RSA.public_key().public_numbers().n - 1)


@pytest.mark.parametrize(
    ("jwk", "says"),
    [
        (ec_jwk(y=b64(1, 32)), "The point (`x`, `y`) of the JWK does not lie on P-256."),
        (ec_jwk(crv="P-384"), "The point (`x`, `y`) of the JWK does not lie on P-384."),
        (ec_jwk(crv=None), "The JWK has no `crv`."),
        (rsa_jwk(n=EVEN), "The modulus of the JWK is even, so it is no product of two large primes."),
        (rsa_jwk(n=b64((1 << 20_000) + 1)), "The modulus of the JWK has 20,001 bits; at most 16,384 are accepted."),
        (rsa_jwk(e=b64(4)), "The exponent of the JWK is even, so it is no RSA key."),
        (rsa_jwk(e="AQ"), "The exponent of the JWK is out of range, so it is no RSA key."),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AQAB"}, "Member `x` of the JWK has 3 bytes, where Ed25519 has 32."),
        ({"kty": "oct", "k": ""}, "Member `k` of the JWK is empty."),
        ({"kty": "oct"}, "Member `k` of the JWK is missing."),
        ({"kty": 7}, "Member `kty` of the JWK is no text."),
    ],
)  # fmt: skip
def test_bad_numbers_of_a_jwk_are_named(jwk: dict[str, Any], says: str) -> None:
    keys, problems = read_keys(json.dumps(jwk))
    assert keys == ()
    assert problems[-1] == says


def test_coordinate_without_its_leading_zero_is_read_and_told() -> None:
    number = next(
        n for n in range(1, 2000) if ec.derive_private_key(n, ec.SECP256R1()).public_key().public_numbers().x < 1 << 248
    )
    numbers = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
    keys, problems = read_keys(json.dumps(ec_jwk(x=b64(numbers.x, 31), y=b64(numbers.y, 32))))
    assert keys[0].key.public_key.public_numbers() == numbers
    assert problems == ("Member `x` of the JWK has 31 bytes, where P-256 has 32 (RFC 7518 6.2.1).",)


@pytest.mark.parametrize(
    ("jwk", "why"),
    [
        (ec_jwk(d=b64(1, 32)), "its `d` does not belong to its `x` and `y`"),
        (ec_jwk(d="AA"), "its `d` does not belong to its `x` and `y`"),
        (rsa_private(d=b64(3)), "its `d`, `p` and `q` do not belong to its `n` and `e`"),
        (rsa_private(p="AA"), "its `d`, `p` and `q` do not belong to its `n` and `e`"),
        (rsa_jwk(d="AQAB"), "a private one is used with its two primes, `p` and `q`"),
        (rsa_private(oth=[]), "a private one is used with its two primes, `p` and `q`"),
        (
            {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(ED.public_key().public_bytes_raw()), "d": "AQAB"},
            "its `d` does not belong to its `x`",
        ),
    ],
)
def test_private_numbers_that_do_not_belong_leave_a_public_key(jwk: dict[str, Any], why: str) -> None:
    (held,), problems = read_keys(json.dumps(jwk))
    assert not held.key.is_private
    assert problems == (f"The JWK serves as a public key only: {why}.",)


def test_private_rsa_jwk_without_its_crt_numbers_is_private() -> None:
    assert only(json.dumps(rsa_private())).key.is_private


def test_private_rsa_key_of_8192_bits_is_read_without_proving_its_primes() -> None:
    began = perf_counter()
    p, q = (1 << 4095) + 1, (1 << 4096) + 3  # no primes: proving that takes ten seconds
    n, phi = p * q, (p - 1) * (q - 1)
    e = next(e for e in range(65537, 70000, 2) if gcd(e, phi) == 1)
    jwk = {"kty": "RSA", "n": b64(n), "e": b64(e), "d": b64(pow(e, -1, phi)), "p": b64(p), "q": b64(q)}
    assert only(json.dumps(jwk)).key.is_private
    assert perf_counter() - began < 20  # it does not hang; tests/bench.py says how fast it is


def test_of_more_than_100_keys_the_first_100_are_read() -> None:
    keys, problems = read_keys(json.dumps({"keys": [{"kty": "oct", "k": b64(n + 1)} for n in range(150)]}))
    assert len(keys) == 100
    assert problems == ("It holds more than 100 keys; the first 100 are read.",)


def test_thousands_of_broken_keys_are_told_of_a_hundred_times() -> None:
    keys, problems = read_keys(json.dumps({"keys": [{}] * 15_000}))
    assert keys == ()
    assert len(problems) == 101
    assert problems[-1] == "The rest of it is left unread."


def test_name_that_a_key_brings_along_cannot_break_a_sentence() -> None:
    held = only(json.dumps(ec_jwk(kid="`\n<b>" + "x" * 100)))
    assert held.called == "the JWK, kid `  <b>" + "x" * 55 + "…`"


def test_key_in_a_header_is_held_with_its_place() -> None:
    header = base64url.encode(json.dumps({"alg": "ES256", "jwk": ec_jwk()}).encode())
    (held,) = ring.held_in_header(read(f"{header}.e30.").signatures[0].header)  # type: ignore[union-attr]
    assert held.called == "the key in the header, `jwk`"
    assert held.key.public_key == EC.public_key()
    bare = base64url.encode(b'{"alg": "ES256", "jwk": "none"}')
    assert ring.held_in_header(read(f"{bare}.e30.").signatures[0].header) == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        private_pem(RSA),
        private_pem(EC)[:-60],
        json.dumps(rsa_private(kid="k")),
        json.dumps(rsa_private(e="AQ")),
        json.dumps({"keys": [ec_jwk(d=b64(0xC0FFEE, 32), y="AA")]}),
        json.dumps({"kty": "oct", "k": "dmVyeSBzZWNyZXQgaW5kZWVk?"}),
        "very secret indeed",
    ],
)
def test_nothing_said_of_a_key_tells_what_it_consists_of(text: str) -> None:
    keys, problems = read_keys(text)
    said = " ".join([*problems, *(repr(held) for held in keys)])
    jwk = json.loads(text) if text.startswith("{") else {}
    for part in [*jwk.values(), *next(iter(jwk.get("keys", [{}]))).values(), "very secret", *text.split("\n")[1:-2]]:
        if isinstance(part, str) and len(part) > 8:
            assert part not in said


# whatever is pasted

_pasted = st.text() | st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape"))
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
_texts = st.sampled_from(["oct", "RSA", "EC", "OKP", "P-256", "P-521", "Ed25519", "X448", "AQAB", "sig", ""])
_member = _texts | _json | st.binary(max_size=70).map(base64url.encode)
_jwks = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "d", "n", "e", "p", "q", "k", "kid", "use", "key_ops", "alg", "oth"]),
    _member,
)


@settings(max_examples=150)
@given(_pasted, st.sampled_from(["", "text", "hex", "base64url"]))
def test_no_text_makes_reading_keys_raise(text: str, kind: str) -> None:
    read_keys(text, kind)


@settings(max_examples=150)
@given(_jwks | st.lists(_jwks, max_size=3) | _json)
def test_no_json_makes_reading_keys_raise(value: Any) -> None:
    for text in (json.dumps(value), json.dumps({"keys": value}), json.dumps({"jwk": value})):
        read_keys(text)


@settings(max_examples=100)
@given(st.sampled_from([public_pem(EC), private_pem(RSA), private_pem(ED), certificate()]), st.data())
def test_no_damage_to_pem_makes_reading_keys_raise(pem: str, data: Any) -> None:
    at = data.draw(st.integers(0, len(pem) - 1))
    read_keys(pem[:at] + data.draw(st.text(max_size=3)) + pem[at + data.draw(st.integers(0, 3)) :])


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN A-----" * 3_700,
        "-----BEGIN " * 5_800,
        "{" * 60_000,
        '{"a":' * 10_000,
        "[" * 60_000,
        "0:" * 30_000,
        "AA\n" * 20_000,
        "MII" + "A" * 60_000,
        '{"kty":"RSA","e":"AQAB","n":"' + "_" * 60_000 + '"}',
        '{"kty":"EC","crv":"P-521","x":"' + "_" * 30_000 + '","y":"' + "_" * 30_000 + '"}',
        '{"kty":"RSA","e":"AQAB","n":' + "9" * 60_000 + "}",
        json.dumps({"keys": [rsa_jwk(n=b64((1 << 16_383) + 1)) for _ in range(20)]}),
        base64.b64encode(b"\x30\x82" * 20_000).decode(),
    ],
    ids=lambda text: text[:12],
)
def test_nothing_that_is_short_enough_takes_long(text: str) -> None:
    began = perf_counter()
    read_keys(text)
    assert perf_counter() - began < 20  # it does not hang; tests/bench.py says how fast it is
