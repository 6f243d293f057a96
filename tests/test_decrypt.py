"""What opens an encrypted token, why the rest does not, and the limits that nothing pasted gets past."""

from __future__ import annotations

import json
import tracemalloc
import warnings
import zlib
from time import perf_counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x448, x25519
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flows.tokens import base64url, decrypt
from flows.tokens.decrypt import ALGORITHMS, ENCRYPTIONS, MOST_ROUNDS, Opened, misfit, opened
from flows.tokens.read import Encrypted, read
from flows.tokens.ring import Held, read_keys

RSA = rsa.generate_private_key(65537, 2048)
KEYS: dict[str, Any] = {
    "RSA1_5": RSAKey(RSA, RSA),
    "RSA-OAEP": RSAKey(RSA, RSA),
    "RSA-OAEP-256": RSAKey(RSA, RSA),
    **{
        f"A{bits}{ending}": OctKey(b"k" * (bits // 8), b"")
        for bits in (128, 192, 256)
        for ending in ("KW", "GCMKW")
    },
    **{
        f"ECDH-ES{ending}": ECKey(ec.derive_private_key(9, ec.SECP256R1()), b"")
        for ending in ("", "+A128KW", "+A192KW", "+A256KW")
    },
    **{name: OctKey("pässword".encode(), b"") for name in MOST_ROUNDS},
}  # fmt: skip
ANOTHER = "another key, or something was changed"
NO_TAG = f"The authentication tag does not fit: {ANOTHER}."
NO_CEK = f"The encrypted key in the token does not open: {ANOTHER}."
NOTHING_OPENS = "Its `key_ops` hold nothing that opens: `decrypt`, `unwrapKey` or `deriveKey`."
SECRET = b"0123456789abcdef"


def held(key: Any, called: str = "the key", /, **members: Any) -> Held:
    return Held(called, key if not isinstance(key, bytes) else OctKey(key, key), members)


def sealed(alg: str, enc: str, key: Any, plaintext: bytes = b"inside", **header: Any) -> str:
    registry = jwe.JWERegistry(algorithms=[alg, enc, "DEF"], strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwe.encrypt_compact({"alg": alg, "enc": enc, **header}, plaintext, key, registry=registry)


def direct(content: bytes = b"inside", key: bytes = SECRET, **header: Any) -> str:
    """Encrypted with the shared key itself; `content` is what is encrypted, compressed or not."""
    protected = base64url.encode(json.dumps({"alg": "dir", "enc": "A128GCM", **header}).encode())
    ciphertext, tag = ENCRYPTIONS["A128GCM"].encrypt(content, key, b"i" * 12, protected.encode())
    return ".".join([protected, "", *map(base64url.encode, (b"i" * 12, ciphertext, tag))])


def opening(text: str, *keys: Held) -> Opened:
    token = read(text)
    assert isinstance(token, Encrypted)
    return opened(token, keys)


def why_not(text: str, key: Held | None = None) -> str:
    key = key or held(SECRET)
    found = opening(text, key)
    assert (found.plaintext, found.key, found.recipient) == (None, None, None)
    ((tried, why),) = found.tried
    assert tried is key
    return why


def deflated(plaintext: bytes) -> bytes:
    compressing = zlib.compressobj(wbits=-15)
    return compressing.compress(plaintext) + compressing.flush()


# every algorithm


def test_every_registered_algorithm_is_tested_here() -> None:
    assert sorted(ALGORITHMS) == sorted([*KEYS, "dir"])
    assert sorted(ENCRYPTIONS) == [
        "A128CBC-HS256", "A128GCM", "A192CBC-HS384", "A192GCM", "A256CBC-HS512", "A256GCM",
    ]  # fmt: skip


@pytest.mark.parametrize("enc", ENCRYPTIONS)
@pytest.mark.parametrize("alg", KEYS)
def test_key_opens_what_was_encrypted_for_it(alg: str, enc: str) -> None:
    key = held(KEYS[alg])
    text = sealed(alg, enc, KEYS[alg])
    assert opening(text, key) == Opened(b"inside", key, 0)
    assert opening(text[:-6] + "AAAAAA", key).plaintext is None


@pytest.mark.parametrize("enc", ENCRYPTIONS)
def test_shared_key_opens_directly_if_it_has_the_very_size(enc: str) -> None:
    size = ENCRYPTIONS[enc].cek_size // 8
    text = sealed("dir", enc, OctKey(b"d" * size, b""))
    assert opening(text, held(b"d" * size)).plaintext == b"inside"
    assert why_not(text, held(b"d" * 15)) == f"The secret has 120 bits, and `{enc}`, used directly, takes {size * 8}."
    assert why_not(text, held(b"e" * size)) == NO_TAG


@pytest.mark.parametrize(
    "private",
    [
        x25519.X25519PrivateKey.from_private_bytes(b"\x01" * 32),
        x448.X448PrivateKey.from_private_bytes(b"\x01" * 56),
        ec.derive_private_key(7, ec.SECP384R1()),
        ec.derive_private_key(7, ec.SECP521R1()),
    ],
)
@pytest.mark.parametrize("alg", ["ECDH-ES", "ECDH-ES+A256KW"])
def test_key_agreement_works_on_every_curve(alg: str, private: Any) -> None:
    kind = ECKey if isinstance(private, ec.EllipticCurvePrivateKey) else OKPKey
    key = kind(private, private)
    assert opening(sealed(alg, "A256GCM", key, apu="QQ", apv="Qg"), held(key)).plaintext == b"inside"


@pytest.mark.parametrize(
    ("alg", "wrong"),
    [
        ("A128KW", b"w" * 16),
        ("A256GCMKW", b"w" * 32),
        ("RSA-OAEP", RSAKey(rsa.generate_private_key(65537, 2048), b"")),
        ("ECDH-ES+A128KW", ECKey(ec.derive_private_key(8, ec.SECP256R1()), b"")),
        ("PBES2-HS256+A128KW", b"passw0rd"),
    ],
)
def test_wrong_key_of_the_right_kind_does_not_open(alg: str, wrong: Any) -> None:
    assert why_not(sealed(alg, "A128GCM", KEYS[alg]), held(wrong)) == NO_CEK


def test_password_is_the_text_of_the_secret() -> None:
    keys, _ = read_keys("pässword")
    text = sealed("PBES2-HS512+A256KW", "A128CBC-HS256", KEYS["PBES2-HS512+A256KW"])
    found = opening(text, *keys)
    assert found.plaintext == b"inside"
    assert found.key == keys[0]
    assert keys[0].called == "the secret, as text"


# what a key is for


@pytest.mark.parametrize(
    ("alg", "key", "why"),
    [
        ("A128KW", KEYS["RSA-OAEP"], "It is an RSA key, and `A128KW` takes a secret."),
        ("RSA-OAEP", held(SECRET).key, "It is a secret, and `RSA-OAEP` takes an RSA key."),
        ("ECDH-ES", held(SECRET).key, "It is a secret, and `ECDH-ES` takes an EC key or an OKP key."),
        ("A256KW", held(SECRET).key, "The secret has 128 bits, and `A256KW` takes 256."),
        (
            "RSA-OAEP",
            RSAKey(RSA.public_key(), b""),
            "It is a public key: it can encrypt, and only the private key opens.",
        ),
        (
            "ECDH-ES",
            OKPKey(ed25519.Ed25519PrivateKey.generate(), b""),
            "It is on the curve Ed25519, which is for signatures.",
        ),
        (
            "ECDH-ES",
            ECKey(ec.derive_private_key(7, ec.SECP384R1()), b""),
            "It is on the curve P-384, and the sender's `epk` is on P-256.",
        ),
    ],
)
def test_key_of_a_kind_that_does_not_fit_is_not_tried(alg: str, key: Any, why: str) -> None:
    text = sealed(alg, "A128GCM", KEYS[alg])
    assert why_not(text, held(key)) == why
    assert misfit(held(key), read(text).recipients[0].header) == why  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"use": "sig"}, "Its `use` is `sig`, and opening needs `enc`."),
        ({"key_ops": ["encrypt", {}]}, NOTHING_OPENS),
        ({"key_ops": {}}, "Its `key_ops` are no list, so what it may be used for is not said."),
        ({"alg": "A128KW"}, "Its `alg` is `A128KW`, and the token's is `dir`."),
        ({"kid": "b"}, "Its `kid` is `b`, and the token names `a`."),
    ],
)  # fmt: skip
def test_key_that_is_for_something_else_is_not_used(members: Any, why: str) -> None:
    assert why_not(direct(kid="a"), held(SECRET, **members)) == why


@pytest.mark.parametrize(
    "members", [{"use": "enc"}, {"key_ops": ["decrypt"]}, {"alg": "dir"}, {"alg": "A128GCM"}, {"kid": "a"}]
)
def test_key_that_is_for_this_is_used(members: Any) -> None:
    key = held(SECRET, **members)
    assert opening(direct(kid="a"), key) == Opened(b"inside", key, 0)


def test_key_that_kid_names_is_tried_first_and_the_others_are_told() -> None:
    wrong, named = held(b"w" * 16, "wrong"), held(SECRET, "named", kid="a")
    assert opening(direct(kid="a"), wrong, named).tried == ()
    assert opening(direct(), wrong, named) == Opened(b"inside", named, 0, ((wrong, NO_TAG),))


# several recipients


def general(*algs: str) -> dict[str, Any]:
    message = jwe.GeneralJSONEncryption({"enc": "A128GCM"}, b"inside")
    for alg in algs:
        message.add_recipient({"alg": alg}, KEYS[alg])
    return jwe.encrypt_json(message, None, registry=jwe.JWERegistry(algorithms=[*algs, "A128GCM"]))  # type: ignore[return-value]


def test_each_recipient_is_tried_with_each_key() -> None:
    text = json.dumps(general("A128KW", "RSA-OAEP", "A256GCMKW"))
    wrong, right = held(SECRET, "wrong"), held(KEYS["RSA-OAEP"], "right")
    assert opening(text, wrong, right) == Opened(
        b"inside",
        right,
        1,
        (
            (wrong, f"Recipient 1: {NO_CEK}"),
            (right, "Recipient 1: It is an RSA key, and `A128KW` takes a secret."),
            (wrong, "Recipient 2: It is a secret, and `RSA-OAEP` takes an RSA key."),
        ),
    )


def test_json_form_opens_though_its_header_is_written_with_spaces() -> None:
    protected = base64url.encode(b'{ "enc" : "A128GCM" , "alg":"dir" }')
    ciphertext, tag = ENCRYPTIONS["A128GCM"].encrypt(b"inside", SECRET, b"i" * 12, protected.encode() + b".YWFk")
    text = json.dumps(
        {
            "protected": protected,
            "aad": "YWFk",
            "iv": base64url.encode(b"i" * 12),
            "ciphertext": base64url.encode(ciphertext),
            "tag": base64url.encode(tag),
        }
    )
    assert opening(text, held(SECRET)).plaintext == b"inside"
    assert why_not(text.replace("YWFk", "YWFl")) == NO_TAG


def test_tries_end_after_a_hundred() -> None:
    message = general("A128KW")
    message["recipients"] *= 1_000
    found = opening(json.dumps(message), held(b"w" * 16), held(b"v" * 16))
    assert found.plaintext is None
    assert len(found.tried) == 100


def test_tries_end_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.1, 0.6])
    monkeypatch.setattr(decrypt, "perf_counter", lambda: next(times))
    found = opening(direct(), held(b"w" * 16), held(SECRET))
    assert [why for _, why in found.tried] == [NO_TAG, "It was not tried: the keys before it took too long."]


def test_token_without_recipients_or_keys_stays_closed() -> None:
    assert opening('{"ciphertext": "YQ", "recipients": []}', held(SECRET)) == Opened(None, None, None)
    assert opening(direct()) == Opened(None, None, None)


# headers that are refused

MUST = "a reader that does not understand that must refuse the token."
NO_BASE64 = "no base64url. It holds what base64url does not have"
PBES2 = {"alg": "PBES2-HS256+A128KW", "p2s": ""}
ROUNDS = "`p2c`, the count of rounds,"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"alg": None}, "The header says no `alg`, so how it was encrypted is not known."),
        ({"enc": 7}, "The header says no `enc`, so how it was encrypted is not known."),
        ({"alg": "none"}, "The `alg` `none` is not known here."),
        ({"enc": "A1"}, "The `enc` `A1` is not known here."),
        ({"crit": ["exp"], "exp": 1}, f"`crit` names `exp`: {MUST}"),
        ({"crit": []}, f"`crit` names nothing: {MUST}"),
        ({"zip": "GZ"}, "The `zip` `GZ` is not known here; `DEF` is."),
        ({"alg": "A128GCMKW"}, "`iv` in the header is missing."),
        ({"alg": "A128GCMKW", "iv": "AAAA", "tag": ""}, "`iv` in the header has 3 bytes, and must have 12."),
        ({"alg": "A128GCMKW", "iv": 5}, "`iv` in the header is no text."),
        ({"alg": "ECDH-ES", "apu": "?"}, f"`apu` in the header is {NO_BASE64}: `?`."),
        ({**PBES2, "p2s": None}, "`p2s` in the header is missing."),
        (PBES2, f"{ROUNDS} is missing in the header."),
        ({**PBES2, "p2c": 0}, f"{ROUNDS} is no positive whole number."),
        ({**PBES2, "p2c": True}, f"{ROUNDS} is no positive whole number."),
        ({**PBES2, "p2c": 1e9}, f"{ROUNDS} is no positive whole number."),
        ({**PBES2, "p2c": "1000"}, f"{ROUNDS} is a text or far too long a number."),
    ],
)  # fmt: skip
def test_header_that_cannot_be_worked_with_is_named(header: dict[str, Any], why: str) -> None:
    assert why_not(direct(**header)) == why


def test_parts_of_a_wrong_length_are_named() -> None:
    header, _, iv, ciphertext, tag = direct().split(".")
    assert why_not(f"{header}..AAAA.{ciphertext}.{tag}") == (
        "The initialization vector has 3 bytes, and A128GCM takes 12."
    )
    assert why_not(f"{header}..{iv}.{ciphertext}.AAAA") == "The authentication tag has 3 bytes, and A128GCM makes 16."
    assert why_not(f"{header}.AAAA.{iv}.{ciphertext}.{tag}") == (
        "There is an encrypted key, and with `dir` there must be none."
    )


@pytest.mark.parametrize(
    ("epk", "why"),
    [
        (None, "The header has no `epk`, the sender's part of the key agreement."),
        ("text", "The header has no `epk`, the sender's part of the key agreement."),
        ({}, "`epk` has no `kty`."),
        ({"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}, "The point (`x`, `y`) of `epk` does not lie on P-256."),
        ({"kty": "oct", "k": "AQ"}, "It is on the curve P-256, and the sender's `epk` is on oct."),
    ],
)
def test_ephemeral_key_that_is_none_is_named(epk: Any, why: str) -> None:
    assert why_not(direct(alg="ECDH-ES", epk=epk), held(KEYS["ECDH-ES"])) == why


# limits


@pytest.mark.parametrize("alg", MOST_ROUNDS)
def test_too_many_rounds_are_refused_with_the_number(alg: str) -> None:
    most = MOST_ROUNDS[alg]
    began = perf_counter()
    assert why_not(direct(alg=alg, p2s="AAAAAAAAAAA", p2c=most + 1), held(b"password")) == (
        f"`p2c` asks for {most + 1:,} rounds; at most {most:,} are computed here: half a second's work."
    )
    assert "an enormous number of rounds" in why_not(direct(alg=alg, p2s="", p2c=10**300), held(b"password"))
    assert "far too long a number" in why_not(direct(alg=alg, p2s="", p2c="9" * 999), held(b"password"))
    assert perf_counter() - began < 20  # it does not hang; tests/bench.py says how fast it is


def test_most_rounds_are_computed_once_and_not_for_each_reading_of_a_secret() -> None:
    keys, _ = read_keys("cafe")
    text = direct(alg="PBES2-HS256+A128KW", p2s="AAAAAAAAAAA", p2c=1_000_000)
    began = perf_counter()
    found = opening(text, *keys)
    assert [why for _, why in found.tried] == [NO_CEK, *["It was not tried: the keys before it took too long."] * 2]
    assert perf_counter() - began < 20  # it does not hang; tests/bench.py says how fast it is


def test_one_round_is_computed_too() -> None:
    text = sealed("PBES2-HS256+A128KW", "A128GCM", OctKey(b"password", b""), p2c=1)
    assert opening(text, held(b"password")).plaintext == b"inside"


def test_compressed_content_is_inflated() -> None:
    assert opening(direct(deflated(b"a" * 200_000), zip="DEF"), held(SECRET)).plaintext == b"a" * 200_000
    assert opening(direct(deflated(b""), zip="DEF"), held(SECRET)).plaintext == b""


def test_compressed_bomb_is_refused_and_takes_no_memory() -> None:
    text = direct(deflated(bytes(100_000_000)), zip="DEF")
    tracemalloc.start()
    assert why_not(text) == "It opens, but decompresses to more than 250 kB, which is refused."
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_truncated_deflate_is_no_plaintext_where_joserfc_itself_takes_it() -> None:
    text = direct(deflated(bytes(range(256)) * 9)[:-9], zip="DEF")
    registry = jwe.JWERegistry(algorithms=["dir", "A128GCM", "DEF"])
    assert jwe.decrypt_compact(text, OctKey(SECRET, SECRET), registry=registry).plaintext
    assert why_not(text) == "It opens, but what is compressed inside breaks off before its end."
    assert why_not(direct(b"", zip="DEF")) == "It opens, but what is compressed inside breaks off before its end."


def test_content_that_is_no_deflate_is_told() -> None:
    no = "It opens, but what is inside cannot be decompressed"
    assert why_not(direct(b"\xff\xff\xff", zip="DEF")) == f"{no}: it is no DEFLATE."
    assert why_not(direct(zlib.compress(b"a" * 99), zip="DEF")) == f"{no}: zlib's own header stands before it."


def test_compression_outside_the_protected_header_is_not_believed() -> None:
    message = general("A128KW")
    message["unprotected"] = {"zip": "DEF"}
    assert why_not(json.dumps(message), held(KEYS["A128KW"])) == (
        "`zip` stands outside the protected header, where it must not be believed."
    )


def test_megabyte_of_content_and_a_long_header_open() -> None:
    text = direct(b"x" * 1_000_000, note="n" * 5_000, unheard={"of": [1]})
    assert opening(text, held(SECRET)).plaintext == b"x" * 1_000_000


def test_header_that_was_read_is_not_written_into() -> None:
    token = read(sealed("ECDH-ES+A128KW", "A128GCM", KEYS["ECDH-ES"]))
    assert isinstance(token, Encrypted)
    before = json.dumps(token.recipients[0].header.object)
    assert opened(token, [held(KEYS["ECDH-ES"])]).plaintext == b"inside"
    assert json.dumps(token.recipients[0].header.object) == before


def test_deprecated_algorithms_open_without_a_warning_on_the_console() -> None:
    text = sealed("RSA1_5", "A128CBC-HS256", KEYS["RSA1_5"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert opening(text, held(KEYS["RSA1_5"])).plaintext == b"inside"


# whatever is sent

_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.lists(st.text(max_size=3))
_values |= st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "k"]), st.sampled_from(["EC", "P-256", "AQ", "oct"])
)
_headers = st.dictionaries(
    st.sampled_from(["alg", "enc", "zip", "crit", "epk", "apu", "apv", "p2s", "p2c", "iv", "tag", "kid"]), _values
)
_places = ["protected", "unprotected", "header", "recipients", "iv", "tag", "aad", "encrypted_key"]
_json_forms = st.dictionaries(st.sampled_from(_places), _values | _headers | st.lists(_headers, max_size=3))
_parts = st.lists(st.binary(max_size=60) | st.sampled_from([b"i" * 12, b"i" * 16, b"t" * 32]), min_size=4, max_size=4)
_all_keys = [held(key) for key in (*KEYS.values(), held(SECRET).key)]


@settings(max_examples=200)
@given(st.sampled_from(sorted(ALGORITHMS)), st.sampled_from(sorted(ENCRYPTIONS)), _headers, _parts)
def test_nothing_sent_makes_opening_raise_or_open(alg: str, enc: str, header: Any, parts: list[bytes]) -> None:
    protected = base64url.encode(json.dumps({"alg": alg, "enc": enc, **header}).encode())
    assert opening(".".join([protected, *map(base64url.encode, parts)]), *_all_keys).plaintext is None


@settings(max_examples=100)
@given(_json_forms)
def test_no_json_form_makes_opening_raise_or_open(held_in_it: dict[str, Any]) -> None:
    assert opening(json.dumps({"ciphertext": "YQ", **held_in_it}), *_all_keys).plaintext is None
