"""Which key made a signature, and why the others did not: for every algorithm, and whatever is sent as one."""

from __future__ import annotations

import hashlib
import hmac
import json
from time import perf_counter
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flows.tokens import base64url, verify
from flows.tokens.read import Signed, read
from flows.tokens.ring import Held, read_keys
from flows.tokens.verify import SIGNING_ALGORITHMS, Verified, choose, misfit, weaknesses

RSA = rsa.generate_private_key(65537, 2048)
SHORT_RSA = rsa.generate_private_key(65537, 1024)
PRIVATE: dict[str, Any] = {
    "HS256": b"h" * 32,
    "HS384": b"h" * 48,
    "HS512": b"h" * 64,
    **{f"{family}{bits}": RSA for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ec.derive_private_key(2, ec.SECP256R1()),
    "ES384": ec.derive_private_key(3, ec.SECP384R1()),
    "ES512": ec.derive_private_key(5, ec.SECP521R1()),
    "ES256K": ec.derive_private_key(7, ec.SECP256K1()),
    "EdDSA": ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32),
    "Ed25519": ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32),
    "Ed448": ed448.Ed448PrivateKey.from_private_bytes(b"\x02" * 57),
}
ALGORITHMS = sorted(PRIVATE)


def held(raw: Any, called: str = "the key", **members: Any) -> Held:
    kinds = {"EC": ECKey, "RSA": RSAKey, "Ed": OKPKey, "X": OKPKey, "bytes": OctKey}
    kind = next(kind for name, kind in kinds.items() if type(raw).__name__.startswith(name))
    return Held(called, kind(raw, raw), members)


def public(alg: str, /, called: str = "the key", **members: Any) -> Held:
    private = PRIVATE[alg]
    return held(private if isinstance(private, bytes) else private.public_key(), called, **members)


def encoded(header: dict[str, Any], payload: str = '{"sub":"alice"}') -> str:
    return f"{base64url.encode(json.dumps(header).encode())}.{base64url.encode(payload.encode())}"


def signed(alg: str, key: Any = None, **header: Any) -> str:
    message = encoded({"alg": alg, **header})
    computes = SIGNING_ALGORITHMS[alg].computes
    return f"{message}.{base64url.encode(computes.sign(message.encode(), key or PRIVATE[alg]))}"


def chosen(text: str, *keys: Held, alg: str = "") -> Verified:
    token = read(text)
    assert isinstance(token, Signed)
    return choose(keys, token, token.signatures[0], alg or token.signatures[0].header.text("alg"))


def why_not(text: str, key: Held) -> str:
    verified = chosen(text, key)
    assert verified.key is None
    ((tried, why),) = verified.tried
    assert tried is key
    return why


def test_every_registered_signature_algorithm_is_known_and_none_is_not() -> None:
    assert sorted(SIGNING_ALGORITHMS) == ALGORITHMS
    assert "none" not in SIGNING_ALGORITHMS


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_signature_verifies_with_the_public_key_and_with_the_private_one(alg: str) -> None:
    for key in (public(alg), held(PRIVATE[alg])):
        assert chosen(signed(alg), key) == Verified(key)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_altered_payload_does_not_verify(alg: str) -> None:
    header, _, signature = signed(alg).split(".")
    changed = f"{header}.{base64url.encode(b'{}')}.{signature}"
    assert why_not(changed, public(alg)) == "Another key made it, or a character was changed."


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_key_of_any_other_kind_is_not_even_tried(alg: str) -> None:
    for other in ALGORITHMS:
        header = read(signed(alg)).signatures[0].header  # type: ignore[union-attr]
        same_kind = SIGNING_ALGORITHMS[other].kty == SIGNING_ALGORITHMS[alg].kty
        why = misfit(public(other), header, alg)
        if not same_kind:
            assert why.startswith("It is ") and f"{alg} takes" in why
        elif SIGNING_ALGORITHMS[alg].kty in ("oct", "RSA"):
            assert why == ""


def test_curve_that_does_not_fit_is_named() -> None:
    assert why_not(signed("ES256"), public("ES384")) == "It is on the curve P-384, and ES256 takes P-256."
    assert why_not(signed("ES256"), public("ES256K")) == "It is on the curve secp256k1, and ES256 takes P-256."
    assert why_not(signed("Ed25519"), public("Ed448")) == "It is on the curve Ed448, and Ed25519 takes Ed25519."
    x25519 = read_keys('{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}')[0][0]
    assert why_not(signed("EdDSA"), x25519) == "It is on the curve X25519, and EdDSA takes Ed25519 or Ed448."


# what a key is for


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"use": "enc"}, "Its `use` is `enc`, and signatures need `sig`."),
        ({"use": 7}, "Its `use` is `7`, and signatures need `sig`."),
        ({"key_ops": ["sign"]}, "Its `key_ops` do not hold `verify`."),
        ({"key_ops": []}, "Its `key_ops` do not hold `verify`."),
        ({"key_ops": "verify"}, "Its `key_ops` are no list, so what it may be used for is not said."),
        ({"key_ops": [{}, 1]}, "Its `key_ops` do not hold `verify`."),
        ({"alg": "ES384"}, "Its `alg` is `ES384`, and the token's is `ES256`."),
        ({"alg": None}, "Its `alg` is `None`, and the token's is `ES256`."),
        ({"kid": "b"}, "Its `kid` is `b`, and the token names `a`."),
        ({"kid": ["a"]}, "Its `kid` is `['a']`, and the token names `a`."),
    ],
)
def test_key_that_is_for_something_else_is_refused_though_it_made_the_signature(members: Any, why: str) -> None:
    key = public("ES256", **members)
    assert misfit(key, read(signed("ES256", kid="a")).signatures[0].header, "ES256") == why  # type: ignore[union-attr]
    assert why_not(signed("ES256", kid="a"), key) == f"{why} It did make this signature, though."
    assert why_not(signed("ES256", PRIVATE["ES256"], kid="a")[:-8] + "AAAAAAAA", key) == why


@pytest.mark.parametrize(
    "members",
    [{"use": "sig"}, {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}, {"alg": "ES256"}, {"kid": "a"}, {}],
)
def test_key_that_is_for_this_is_used(members: Any) -> None:
    key = public("ES256", **members)
    assert chosen(signed("ES256", kid="a"), key).key is key


def test_private_key_that_may_sign_verifies_and_a_secret_that_may_only_sign_does_not() -> None:
    pair = held(PRIVATE["ES256"], key_ops=["sign"])
    assert chosen(signed("ES256"), pair).key is pair
    assert "`verify`" in why_not(signed("HS256"), public("HS256", key_ops=["sign"]))


def test_eddsa_and_the_newer_names_are_one_algorithm_for_a_key() -> None:
    for of_key, alg in (("EdDSA", "Ed25519"), ("Ed25519", "EdDSA"), ("EdDSA", "Ed448")):
        key = public(alg, alg=of_key)
        assert chosen(signed(alg), key).key is key


# which key


def test_key_that_kid_names_is_tried_first() -> None:
    other, named = public("ES256", "other"), public("ES256", "named", kid="k")
    assert chosen(signed("ES256", kid="k"), other, named) == Verified(named)


def test_without_a_kid_all_that_fit_are_tried_in_their_order() -> None:
    wrong = held(ec.derive_private_key(99, ec.SECP256R1()), "wrong")
    secret, right = public("HS256", "a secret"), public("ES256", "right", kid="k")
    verified = chosen(signed("ES256"), secret, wrong, right)
    assert verified.key is right
    assert verified.tried == (
        (secret, "It is a secret, and ES256 takes an EC key."),
        (wrong, "Another key made it, or a character was changed."),
    )


def test_reading_of_a_secret_that_verified_is_the_one_that_is_named() -> None:
    for secret, called in (
        (b"cafe42cafe42", "the secret, as text"),
        (bytes.fromhex("cafe42cafe42"), "the secret, read as hex"),
        (base64url.decode("cafe42cafe42").data, "the secret, read as base64url"),
    ):
        keys, _ = read_keys("cafe42cafe42")
        key = chosen(signed("HS256", secret), *keys).key
        assert key
        assert key.called == called


def test_no_more_than_100_keys_are_tried() -> None:
    keys = [held(b"no" + bytes([n]), str(n)) for n in range(150)]
    verified = chosen(signed("HS256"), *keys, public("HS256"))
    assert verified.key is None
    assert len(verified.tried) == 100


def test_trying_keys_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.1, 0.6, 0.7])
    monkeypatch.setattr(verify, "perf_counter", lambda: next(times))
    wrong, right = held(b"wrong"), public("HS256")
    assert chosen(signed("HS256"), wrong, right).tried == (
        (wrong, "Another key made it, or a character was changed."),
        (right, "It was not tried: the keys before it took too long."),
    )


# what never verifies


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "c2ln"])
def test_none_never_verifies(alg: str, signature: str) -> None:
    key = held(b"secret")
    assert why_not(f"{encoded({'alg': alg})}.{signature}", key) == "There is no signature."


@pytest.mark.parametrize("alg", ["", "HS1", "hs256", "ES521", "RSA-OAEP", "\ud800", "x" * 500])
def test_unknown_alg_never_verifies(alg: str) -> None:
    (_, why) = chosen(f"{encoded({'alg': 'x'})}.c2ln", held(b"secret"), alg=alg or "-").tried[0]
    assert why.endswith("is no signature algorithm known here.")
    assert len(why) < 130


def test_empty_signature_never_verifies() -> None:
    assert why_not(f"{encoded({'alg': 'HS256'})}.", public("HS256")) == "There is no signature."


def test_public_key_is_never_a_secret_for_hmac() -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    message = encoded({"alg": "HS256"})
    forged = f"{message}.{base64url.encode(hmac.digest(pem, message.encode(), hashlib.sha256))}"
    keys, _ = read_keys(pem.decode())
    assert why_not(forged, keys[0]) == "It is an RSA key, and HS256 takes a secret."


def test_public_key_that_somebody_insists_is_a_secret_is_used_and_warned_of() -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    message = encoded({"alg": "HS256"})
    forged = f"{message}.{base64url.encode(hmac.digest(pem, message.encode(), hashlib.sha256))}"
    keys, _ = read_keys(pem.decode().replace("\n", "\r\n"), "text")
    key = chosen(forged, *keys).key
    assert key
    assert weaknesses(key, "HS256") == (
        "The secret is the text of a key of a key pair: if that is public, anybody can sign with it.",
    )


# why a signature does not fit


def test_ecdsa_signature_in_der_is_told_from_a_wrong_one() -> None:
    message, _, signature = signed("ES256").rpartition(".")
    raw = base64url.decode(signature).data
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert why_not(f"{message}.{base64url.encode(der)}", public("ES256")) == (
        "The signature is in DER, as OpenSSL writes it; ES256 has R and S side by side, in 64 bytes."
    )


@pytest.mark.parametrize(
    ("alg", "length"),
    [("HS256", 32), ("HS512", 64), ("ES256", 64), ("ES384", 96), ("ES512", 132), ("EdDSA", 64), ("Ed448", 114)],
)
def test_signature_of_a_wrong_length_is_told(alg: str, length: int) -> None:
    for wrong in (1, length - 1, length + 1):
        text = f"{encoded({'alg': alg})}.{base64url.encode(bytes([7]) * wrong)}"
        assert why_not(text, public(alg)) == f"The signature has {wrong} bytes, and {alg} makes {length}."


def test_rsa_signature_of_another_size_of_key_is_told() -> None:
    text = signed("RS256", SHORT_RSA)
    assert why_not(text, public("RS256")) == "The signature has 128 bytes, and this key makes 256."


def test_ecdsa_signature_of_zeros_does_not_verify() -> None:
    text = f"{encoded({'alg': 'ES256'})}.{base64url.encode(bytes(64))}"
    assert why_not(text, public("ES256")) == "Another key made it, or a character was changed."


# what is weak


def test_sizes_are_weaknesses_and_no_reason_to_refuse() -> None:
    short = held(SHORT_RSA)
    assert chosen(signed("RS256", SHORT_RSA), short).key is short
    assert weaknesses(short, "RS256") == ("The RSA key has 1,024 bits; RS256 needs 2,048.",)
    secret = held(b"secret")
    assert chosen(signed("HS512", b"secret"), secret).key is secret
    assert weaknesses(secret, "HS512") == ("The secret has 48 bits; HS512 needs 512.",)
    assert weaknesses(public("RS256"), "RS256") == weaknesses(public("ES256"), "ES256") == ()
    assert weaknesses(public("HS256"), "HS256") == weaknesses(public("HS256"), "none") == ()


# PyJWT as it is: each of these is why the work is not left to it


def test_pyjwt_itself_ignores_use_and_key_ops() -> None:
    token = jwt.encode({}, PRIVATE["HS256"], "HS256")
    jwk = {"kty": "oct", "k": base64url.encode(PRIVATE["HS256"]), "use": "enc", "key_ops": ["encrypt"]}
    assert jwt.decode(token, jwt.PyJWK(jwk, "HS256"), ["HS256"]) == {}
    keys, _ = read_keys(json.dumps(jwk))
    assert why_not(token, keys[0]).startswith("Its `use` is `enc`")


def test_private_rsa_key_verifies_where_pyjwt_itself_raises() -> None:
    token = jwt.encode({}, RSA, "RS256")
    with pytest.raises(AttributeError):
        jwt.decode(token, RSA, ["RS256"])
    key = held(RSA)
    assert chosen(token, key).key is key


def test_claims_of_a_wrong_type_do_not_matter_to_a_signature() -> None:
    key = public("HS256")
    message = encoded({"alg": "HS256"}, '{"exp":"1300819380","iat":1e999}')
    text = f"{message}.{base64url.encode(hmac.digest(PRIVATE['HS256'], message.encode(), hashlib.sha256))}"
    assert chosen(text, key).key is key


def test_verifying_never_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {alg: signed(alg) for alg in ALGORITHMS if not alg.startswith("HS")}  # a MAC is computed to be compared
    for algorithm in SIGNING_ALGORITHMS.values():
        monkeypatch.setattr(type(algorithm.computes), "sign", None)
    for alg, text in texts.items():
        assert chosen(text, held(PRIVATE[alg])).key


def test_a_megabyte_against_a_hundred_keys_takes_under_a_second() -> None:
    text = f"{encoded({'alg': 'HS512'}, 'x' * 750_000)}.{base64url.encode(bytes(64))}"
    keys = [held(bytes([n + 1]) * 64) for n in range(100)]
    began = perf_counter()
    assert chosen(text, *keys).key is None
    assert perf_counter() - began < 20  # it does not hang; tests/bench.py says how fast it is


# whatever is sent

_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.lists(st.text(max_size=3))
_headers = st.dictionaries(st.sampled_from(["kid", "alg", "b64", "crit", "jwk", "typ"]), _values, max_size=5)
_members = st.dictionaries(
    st.sampled_from(["kid", "use", "key_ops", "alg"]), _values | st.dictionaries(st.text(), _values)
)


@settings(max_examples=200)
@given(st.sampled_from(ALGORITHMS), st.sampled_from(ALGORITHMS), _headers, _members, st.binary(max_size=300))
def test_nothing_sent_makes_verifying_raise(alg: str, of_key: str, header: Any, members: Any, sent: bytes) -> None:
    text = f"{encoded({'alg': alg, **header})}.{base64url.encode(sent)}"
    assert chosen(text, public(of_key, **members), alg=alg).key is None


@settings(max_examples=100)
@given(st.sampled_from(ALGORITHMS), st.text(max_size=200))
def test_no_text_of_a_token_makes_verifying_raise(alg: str, text: str) -> None:
    token = read(text)
    for signature in token.signatures if isinstance(token, Signed) else ():
        assert isinstance(token, Signed)
        assert choose([public(alg)], token, signature, alg).key is None


@settings(max_examples=100)
@given(st.binary(min_size=1, max_size=80), st.sampled_from(ALGORITHMS))
def test_random_secrets_never_verify_what_they_did_not_sign(secret: bytes, alg: str) -> None:
    assert chosen(signed("HS256"), held(secret)).key is None or secret == PRIVATE["HS256"]
    weaknesses(held(secret), alg)
