"""Tokens made: two other libraries accept every one, and refuse it after one altered character; bad input is told."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe as joserfc_jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey, RSAKey
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws
from made import NOW

from flows.tokens import base64url
from flows.tokens.judging.judge import Expected, Judgement, judge
from flows.tokens.making import as_code, carry, fit
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING, fresh, halves, jwk, sizes
from flows.tokens.making.make import KINDS, Kind, Made, Problem, Wanted, make
from flows.tokens.read import read
from flows.tokens.ring import Held, read_keys

CLAIMS = {"iss": "https://issuer.example", "sub": "Zoë", "iat": NOW - 60, "exp": NOW + 240, "list": [1, True, None]}
TEXT = json.dumps(CLAIMS)
SIGNERS = [(alg, size) for alg in SIGNING for size in sizes(alg)[:2] or ("",) if size != "3072"]
RECIPIENTS = [(alg, size) for alg in ENCRYPTING for size in sizes(alg) or ("",)]
LARGER = ("3072", "4096")  # keys with which those libraries take long
ONE = ("ES256", "")  # where only the other half of a combination matters
SEALED = ("ECDH-ES+A256KW", "P-256")


@lru_cache(maxsize=200)
def key(alg: str, size: str = "", enc: str = "A256GCM") -> Held:
    """A key as `fresh` makes it, once; those of RSA share one for each size, which takes long to find."""
    if alg.startswith(("RS", "PS")) and alg not in ("RS256",):
        own = {"use": "sig" if alg in SIGNING else "enc", "alg": alg}
        return replace(key("RS256", size or "2048"), members={**key("RS256", size or "2048").members, **own})
    if alg == "RS256" and not size:
        return key(alg, "2048")
    return fresh(alg, size, enc=enc if alg == "dir" else "A256GCM")


def made(wanted: Wanted) -> Made:
    result = make(wanted)
    assert isinstance(result, Made), result
    return result


def problems(**wanted: Any) -> list[tuple[str, str]]:
    result = make(Wanted(**{"key": key(*ONE), "recipient": key(*SEALED), **wanted}))
    assert isinstance(result, tuple), result
    return [(each.field, each.says) for each in result]


def verdict(text: str, *keys: Held) -> Judgement:
    return judge(read(text), Expected(NOW, keys=keys))


def altered(text: str) -> Iterator[str]:
    """The token with one character changed, in the middle of each of its parts in turn."""
    parts = text.split(".")
    for place, part in enumerate(parts):
        if part:
            at = len(part) // 2
            letter = "A" if part[at] != "A" else "B"
            yield ".".join([*parts[:place], part[:at] + letter + part[at + 1 :], *parts[place + 1 :]])


def of_joserfc(text: str, held: Held, *algorithms: str) -> bytes:
    if text.count(".") == 4:
        return joserfc_jwe.decrypt_compact(text, held.key, algorithms=list(algorithms)).plaintext or b""
    return joserfc_jws.deserialize_compact(text, fit.public(held.key), algorithms=list(algorithms)).payload


def of_jwcrypto(text: str, held: Held, *algorithms: str) -> bytes:
    own = jwcrypto_jwk.JWK(**jwk(Held("", held.key, {}), private=True))
    if text.count(".") == 4:
        opened = jwcrypto_jwe.JWE(algs=list(algorithms))
        opened.deserialize(text, own)
        payload: bytes = opened.payload
        return payload
    verified = jwcrypto_jws.JWS()
    verified.allowed_algs = list(algorithms)
    verified.deserialize(text, own, alg=algorithms[0])
    return bytes(verified.payload)


def accepted_and_only_as_it_is(text: str, held: Held, *algorithms: str) -> bytes:
    """What both libraries read in it; each refuses it with any part altered."""
    payload = of_joserfc(text, held, *algorithms)
    assert of_jwcrypto(text, held, *algorithms) == payload
    for each in altered(text):
        for library in (of_joserfc, of_jwcrypto):
            with pytest.raises(Exception):  # noqa: B017, PT011 — each has many ways to refuse
                library(each, held, *algorithms)
    return payload


pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # for Ed25519 and Ed448, which say the curve


@pytest.mark.parametrize(("alg", "size"), SIGNERS)
def test_signed_token_is_accepted_by_others_and_not_after_a_change(alg: str, size: str) -> None:
    held = key(alg, size)
    token = made(Wanted("signed", TEXT, alg=alg, key=held))
    assert json.loads(accepted_and_only_as_it_is(token.text, held, alg)) == CLAIMS
    assert verdict(token.text, held).headline == "Genuine"
    assert all(verdict(each, held).headline != "Genuine" for each in altered(token.text))


@pytest.mark.parametrize(("alg", "size"), RECIPIENTS)
def test_encrypted_token_is_opened_by_others_and_not_after_a_change(alg: str, size: str) -> None:
    for enc in CONTENT if not size.isdigit() else CONTENT[:1]:
        held = key(alg, size, enc)
        token = made(Wanted("encrypted", TEXT, encrypt=alg, enc=enc, recipient=held))
        if size in LARGER:
            assert json.loads(of_joserfc(token.text, held, alg, enc)) == CLAIMS
        else:
            assert json.loads(accepted_and_only_as_it_is(token.text, held, alg, enc)) == CLAIMS
        assert verdict(token.text, held).headline == "Opened"


@pytest.mark.parametrize(
    ("signer", "recipient"),
    [*((each, SEALED) for each in SIGNERS), *((ONE, each) for each in RECIPIENTS if each[1] not in LARGER)],
)
def test_nested_token_is_opened_and_then_verified(signer: tuple[str, str], recipient: tuple[str, str]) -> None:
    signs, opens = key(*signer), key(*recipient)
    token = made(Wanted("nested", TEXT, alg=signer[0], key=signs, encrypt=recipient[0], recipient=opens))
    inner = accepted_and_only_as_it_is(token.text, opens, recipient[0], "A256GCM").decode()
    assert json.loads(accepted_and_only_as_it_is(inner, signs, signer[0])) == CLAIMS
    assert read(token.text).recipients[0].header.text("cty") == "JWT"  # type: ignore[union-attr]
    judgement = verdict(token.text, signs, opens)
    assert judgement.headline == "Opened"
    assert judgement.inner
    assert judgement.inner[1].headline == "Genuine"


@pytest.mark.parametrize(("alg", "size"), SIGNERS)
def test_sd_jwt_holds_the_digests_of_its_disclosures(alg: str, size: str) -> None:
    held = key(alg, size)
    hide, show = ("sub", "list"), ("list",)
    token = made(Wanted("sd-jwt", TEXT, alg=alg, key=held, hide=hide, show=show, decoys=3))
    signed, *disclosures, last = token.text.split("~")
    assert last == ""
    payload = json.loads(accepted_and_only_as_it_is(signed, held, alg))
    assert payload.keys() == {"iss", "iat", "exp", "_sd", "_sd_alg"}
    assert payload["_sd_alg"] == "sha-256"
    assert payload["_sd"] == sorted(payload["_sd"])
    assert len(payload["_sd"]) == 5
    digests = {base64url.encode(hashlib.sha256(each.disclosure.encode()).digest()) for each in token.hidden}
    assert digests < set(payload["_sd"])
    assert [each.name for each in token.hidden] == ["sub", "list"]
    salts = []
    for each in token.hidden:
        salt, name, value = json.loads(base64url.decode(each.disclosure).data)
        assert (name, value) == (each.name, CLAIMS[each.name])
        salts.append(base64url.decode(salt).data)
    assert [len(salt) for salt in salts] == [16, 16]
    assert salts[0] != salts[1]
    assert disclosures == [each.disclosure for each in token.hidden if each.is_shown]
    judgement = verdict(token.text, held)
    assert judgement.headline == "Genuine"
    assert "1 disclosure, each with its digest" in [row.finding.says for row in judgement.rows]
    changed = token.text.replace(disclosures[0], base64url.encode(b'["c2FsdA","admin",true]'))
    assert verdict(changed, held).headline == "Genuine, but with disclosures that are not the issuer’s"


def test_unsecured_token_says_so_and_nobody_takes_it() -> None:
    token = made(Wanted("unsecured", TEXT))
    assert token.notes == (
        "Nothing is signed: anybody can write such a token, and who takes it takes anything (RFC 7518 §8.5).",
    )
    assert token.text.endswith(".")
    assert json.loads(base64url.decode(token.text.split(".")[1]).data) == CLAIMS
    assert verdict(token.text, key(*ONE)).headline == "Unsecured"
    for library in (of_joserfc, of_jwcrypto):
        with pytest.raises(Exception):  # noqa: B017, PT011
            library(token.text, key(*ONE), "ES256")


@pytest.mark.parametrize("size", ["3072", "4096"])
def test_larger_rsa_key_signs_as_well(size: str) -> None:
    held = Held("the key", key("RS256", size).key, {})
    for alg in (alg for alg in SIGNING if alg.startswith(("RS", "PS"))):
        token = made(Wanted("signed", TEXT, alg=alg, key=held))
        assert verdict(token.text, held).headline == "Genuine"
        assert json.loads(of_joserfc(token.text, held, alg)) == json.loads(of_jwcrypto(token.text, held, alg)) == CLAIMS


def test_header_holds_what_was_asked_for_and_the_name_of_the_key() -> None:
    held = key(*ONE)
    token = made(Wanted("signed", "{}", key=held, typ="at+jwt", header='{"cty": "x", "own": {"deep": [1]}}'))
    assert read(token.text).signatures[0].header.object == {  # type: ignore[union-attr]
        "alg": "ES256",
        "cty": "x",
        "kid": held.members["kid"],
        "own": {"deep": [1]},
        "typ": "at+jwt",
    }
    bare = made(Wanted("signed", "{}", key=Held("the key", held.key, {}), typ=""))
    assert read(bare.text).signatures[0].header.object == {"alg": "ES256"}  # type: ignore[union-attr]


def test_members_of_an_encrypted_header_reach_both_libraries() -> None:
    for alg, header in (
        ("ECDH-ES", {"apu": "QWxpY2U", "apv": "Qm9i"}),
        ("PBES2-HS256+A128KW", {"p2c": 4096}),
        ("RSA-OAEP", {"cty": "x", "jku": "https://issuer.example/jwks"}),
    ):
        held = key(alg)
        token = made(Wanted("encrypted", TEXT, encrypt=alg, recipient=held, header=json.dumps(header)))
        assert json.loads(accepted_and_only_as_it_is(token.text, held, alg, "A256GCM")) == CLAIMS
        assert header.items() <= read(token.text).recipients[0].header.object.items()  # type: ignore[union-attr]


def test_any_json_and_any_text_make_a_jws_that_is_no_jwt() -> None:
    for text, is_text, payload, what in (
        ("[1, 2]", False, b"[1,2]", "JSON, but no object"),
        ('"alice"', False, b'"alice"', "JSON, but no object"),
        ("Hello.\r\nBye. ", True, b"Hello.\nBye. ", "any text"),
    ):
        token = made(Wanted("signed", text, is_text, key=key(*ONE), typ=""))
        assert accepted_and_only_as_it_is(token.text, key(*ONE), "ES256") == payload
        assert token.notes == (f"The payload is {what}: this is a JWS, and no JWT (RFC 7519 §7.2).",)
        assert token.claims is None


def test_what_is_given_in_is_not_changed() -> None:
    for kind in KINDS:
        members: dict[str, Any] = {"kid": "mine"}
        signs, opens = Held("a", key(*ONE).key, members), Held("b", key(*SEALED).key, members)
        before = copy.deepcopy(members)
        wanted = Wanted(kind, TEXT, key=signs, recipient=opens, header='{"x": {"y": 1}}', hide=("sub",))
        token = made(wanted)
        as_code.program(wanted, token)
        assert members == before
        assert token.claims == CLAIMS


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=5,
    )
)
def test_any_claims_come_out_as_they_went_in_and_the_code_has_them_too(claims: dict[str, Any]) -> None:
    wanted = Wanted("signed", json.dumps(claims), alg="HS256", key=key("HS256"))
    token = make(wanted)
    if isinstance(token, tuple):
        assert [each.field for each in token] == ["claims"]
        return
    assert json.loads(of_joserfc(token.text, key("HS256"), "HS256")) == claims
    assert eval(as_code.literal(claims)) == claims


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=40), st.sampled_from(list(KINDS)))
def test_no_text_is_too_strange(claims: str, header: str, kind: Kind) -> None:
    result = make(Wanted(kind, claims, header=header, key=key(*ONE), recipient=key(*SEALED), hide=(claims,)))
    assert isinstance(result, Made) or all(each.says for each in result)
    made(Wanted("signed", claims, is_text=True, key=key(*ONE)))


@pytest.mark.parametrize("kind", list(KINDS))
def test_ten_thousand_claims_are_made_within_a_second(kind: Kind) -> None:
    claims = {f"claim_{number}": number for number in range(10_000)}
    wanted = Wanted(kind, json.dumps(claims, indent=1), key=key(*ONE), recipient=key(*SEALED), hide=tuple(claims)[::2])
    start = time.perf_counter()
    token = made(wanted)
    as_code.program(wanted, token)
    assert time.perf_counter() - start < 20  # it does not hang; tests/bench.py says how fast it is
    assert token.claims == claims


def test_more_claims_than_ten_thousand_are_told_by_their_number_and_a_repeated_one_by_its_place() -> None:
    names = {f"claim_{number}": number for number in range(10_001)}
    says = "Claims: there are 10,001, and at most 10,000 are made into a token."
    assert problems(claims=json.dumps(names)) == [("claims", says)]
    text = json.dumps(names, indent=1).removesuffix("}") + ', "claim_7": 0}'
    start = time.perf_counter()
    ((_, told),) = problems(claims=text)
    assert time.perf_counter() - start < 20  # it does not hang; tests/bench.py says how fast it is
    assert told.startswith("Claims, line 10003, character 3: the name `claim_7` stands here for the second time;")


# bad input

HALF = "half of a surrogate pair (`\\ud800` to `\\udfff`) stands alone, and is no text."


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ("", "Claims: there is nothing. An empty JSON object is `{}`."),
        ('{"a": 1\n "b": 2}', "Claims, line 2, character 2: a comma or a closing bracket is missing."),
        ('{\n  "a": 1,\n}', "Claims, line 3, character 1: a comma stands before the closing bracket."),
        ("{'a': 1}", "Claims, line 1, character 2: a single quote stands there, and JSON has double ones."),
        ('{"a": True}', "Claims, line 1, character 7: JSON writes `true`, `false` and `null`."),
        ('{"a": "b', "Claims, line 1, character 7: the quote that opens here is never closed."),
        ('{"a": 1', "Claims, line 1, character 8: a comma or a closing bracket is missing, and the text ends there."),
        ('{"a": 1} b', "Claims, line 1, character 10: something follows after the end of the JSON."),
        ('{"a": NaN}', "Claims, line 1, character 7: `NaN` is no JSON: numbers there are finite."),
        ('{"NaN": 1e999}', "Claims, line 1, character 9: `1e999` is larger than readers can hold."),
        (
            '{"a": ' + "9" * 401 + "}",
            "Claims, line 1, character 7: a number has 401 digits, and at most 400 are taken.",
        ),
        (
            '{"a": 1, "a": 2}',
            "Claims, line 1, character 10: the name `a` stands here for the second time; one reader takes the first, "
            "another the last. Keep one of them.",
        ),
        (
            '{"a": "\\ud800"}',
            "Claims, line 1, character 8: " + HALF,
        ),
        ('{"a": "\\\\ud800 \\ud83d\\ude00",\n "b\\udfff": 1}', "Claims, line 2, character 4: " + HALF),
        (
            '{"a": [{"b": "b"}],\n "c": {"b": 1, "\\u0062": 2}}',
            "Claims, line 2, character 16: the name `b` stands here for the second time; one reader takes the first, "
            "another the last. Keep one of them.",
        ),
        ('{"sub": alice}', 'Claims, line 1, character 9: a text needs quotes: `"alice"`.'),
        ('{sub: "alice"}', 'Claims, line 1, character 2: a name needs quotes: `"sub"`.'),
        ("[" * 61 + "]" * 61, "Claims, line 1, character 61: this is nested more than 60 levels deep."),
        ("[" * 100_000, "Claims, line 1, character 61: this is nested more than 60 levels deep."),
    ],
)
def test_claims_that_are_no_json_are_told_by_line_and_character(claims: str, says: str) -> None:
    assert problems(claims=claims) == [("claims", says)]


@pytest.mark.parametrize(
    ("wanted", "field", "says"),
    [
        (
            {"kind": "nested", "claims": "[]"},
            "claims",
            "Claims: this is a list, and must be a JSON object: `{`, names with values, `}`.",
        ),
        (
            {"kind": "sd-jwt", "is_text": True},
            "claims",
            "Claims: this kind of token holds claims, so they must be a JSON object.",
        ),
        ({"header": '{"x" 1}'}, "header", "Header, line 1, character 6: a colon is missing."),
        (
            {"header": '{"alg": "none"}'},
            "header",
            "Header: `alg` has a field of its own, which says `ES256`.",
        ),
        ({"header": '{"typ": "x"}'}, "header", "Header: `typ` has a field of its own, which says `JWT`."),
        (
            {"header": '{"kid": "x"}', "kid": "y"},
            "header",
            "Header: `kid` has a field of its own, which says `y`.",
        ),
        ({"header": '{"kid": 5}'}, "header", "Header: `kid` must be a text."),
        ({"header": '{"x5c": "x"}'}, "header", "Header: `x5c` must be a list."),
        (
            {"header": '{"jwk": {"kty": "EC", "d": "x"}}'},
            "header",
            "Header: `jwk` holds a private key (`d`), and everybody can read the header.",
        ),
        (
            {"header": '{"crit": ["exp"]}'},
            "header",
            "Header: `crit` is not offered: a reader that does not understand what it names must refuse the token "
            "(RFC 7515 §4.1.11).",
        ),
        (
            {"header": '{"zip": "DEF"}'},
            "header",
            "Header: `zip` is not offered: the length of what was compressed can tell what is inside (RFC 8725 §3.6).",
        ),
        (
            {"kind": "encrypted", "header": '{"epk": {}}'},
            "header",
            "Header: `epk` is made anew each time something is encrypted.",
        ),
        (
            {"kind": "encrypted", "header": '{"p2c": 10}'},
            "header",
            "Header: `p2c` is a number of rounds from 1,000 to 300,000.",
        ),
        (
            {"kind": "encrypted", "header": '{"apu": "a+b"}'},
            "header",
            "Header: `apu` must be base64url (RFC 7518 §4.6.1).",
        ),
        ({"key": None}, "key", "Signing with ES256 needs a private key or a secret."),
        (
            {"kind": "encrypted", "recipient": None},
            "recipient",
            "Encrypting with ECDH-ES+A256KW needs the key of whoever is to open it.",
        ),
        ({"alg": "RS256"}, "key", "The key made here: It is an EC key, and RS256 takes an RSA key."),
        (
            {"alg": "ES384"},
            "key",
            "The key made here: It is on the curve P-256, and ES384 takes P-384.",
        ),
        (
            {"alg": "none"},
            "alg",
            f"`none` is no algorithm that signs here; these do: {', '.join(SIGNING)}.",
        ),
        (
            {"kind": "encrypted", "encrypt": "RSA1_5"},
            "encrypt",
            f"`RSA1_5` is no algorithm that encrypts a key here; these do: {', '.join(ENCRYPTING)}.",
        ),
        (
            {"kind": "encrypted", "enc": "A128"},
            "enc",
            f"`A128` encrypts no content here; these do: {', '.join(CONTENT)}.",
        ),
        ({"kind": "sd-jwt", "hide": ("x",)}, "hide", "`x` is none of the claims, so it cannot be hidden."),
        ({"kind": "sd-jwt", "decoys": 101}, "decoys", "The number of decoys is from 0 to 100."),
        (
            {"kind": "sd-jwt", "claims": '{"a": [{"...": 1}]}'},
            "claims",
            "Claims: the name `...` is reserved in an SD-JWT (RFC 9901 §4.1).",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_said_in_a_sentence(wanted: dict[str, Any], field: str, says: str) -> None:
    assert problems(**wanted) == [(field, says)]


def secret(size: int, **members: Any) -> Held:
    return Held("the secret, as text", OctKey(b"x" * size, b"x" * size), members)


def test_key_that_is_too_short_is_refused_by_its_size() -> None:
    assert problems(alg="HS512", key=secret(12)) == [
        ("key", "The secret, as text: HS512 needs a secret of at least 64 bytes (RFC 7518 §3.2); this has 12.")
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = Held("the key", RSAKey.generate_key(1024), {})
    for alg, section in (("RS256", "§3.3"), ("PS512", "§3.5")):
        says = f"The key: {alg} needs an RSA key of at least 2,048 bits (RFC 7518 {section}); this has 1,024."
        assert problems(alg=alg, key=small) == [("key", says)]
    says = "The key: RSA-OAEP needs an RSA key of at least 2,048 bits (RFC 7518 §4.3); this has 1,024."
    assert problems(kind="encrypted", encrypt="RSA-OAEP", recipient=small) == [("recipient", says)]
    for alg, enc, size, says in (
        ("A256KW", "A256GCM", 16, "A256KW needs a secret of just 32 bytes (RFC 7518 §4.4); this has 16."),
        ("A128GCMKW", "A256GCM", 32, "A128GCMKW needs a secret of just 16 bytes (RFC 7518 §4.7); this has 32."),
        ("dir", "A128CBC-HS256", 16,
         "A128CBC-HS256, used directly, needs a secret of just 32 bytes (RFC 7518 §4.5); this has 16."),
    ):  # fmt: skip
        found = problems(kind="encrypted", encrypt=alg, enc=enc, recipient=secret(size))
        assert found == [("recipient", f"The secret, as text: {says}")]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"use": "enc"}, "Its `use` is `enc`, and signatures need `sig`."),
        ({"key_ops": ["verify"]}, "Its `key_ops` do not hold `sign`."),
        ({"key_ops": "sign"}, "Its `key_ops` are no list, so what it may be used for is not said."),
        ({"alg": "ES384"}, "Its `alg` is `ES384`, and the token's is `ES256`."),
        ({"kid": "a"}, "Its `kid` is `a`, and the token names `b`."),
    ],
)
def test_key_that_is_meant_for_something_else_does_not_sign(members: dict[str, Any], says: str) -> None:
    held = Held("the key", key(*ONE).key, members)
    assert problems(key=held, kid="b" if "kid" in members else "") == [("key", f"The key: {says}")]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"use": "sig"}, "Its `use` is `sig`, and encrypting needs `enc`."),
        ({"key_ops": ["verify"]}, "Its `key_ops` do not hold `encrypt`, `wrapKey` or `deriveKey`."),
        ({"alg": "RSA-OAEP"}, "Its `alg` is `RSA-OAEP`, and the token's is to be `ECDH-ES+A256KW`."),
        ({"kid": "a"}, "Its `kid` is `a`, and the header is to name `b`."),
    ],
)
def test_key_that_is_meant_for_something_else_does_not_encrypt(members: dict[str, Any], says: str) -> None:
    held = Held("the key", key(*SEALED).key, members)
    found = problems(kind="encrypted", recipient=held, kid="b" if "kid" in members else "")
    assert found == [("recipient", f"The key: {says}")]


def test_public_key_does_not_sign_and_the_public_half_encrypts() -> None:
    public = Held("the key", fit.public(key(*ONE).key), {})
    says = "The key: It is a public key: it verifies, and only the private half signs."
    assert problems(key=public) == [("key", says)]
    half = Held("the key", fit.public(key(*SEALED).key), {})
    token = made(Wanted("encrypted", TEXT, recipient=half))
    assert verdict(token.text, key(*SEALED)).headline == "Opened"


def test_key_of_a_pair_is_no_secret() -> None:
    pem = halves(key(*ONE)).public_pem
    held = read_keys(pem, "text")[0][0]
    says = "The secret is the text of a key of a key pair: if that is public, anybody can sign with it."
    assert problems(alg="HS256", key=held) == [("key", f"The secret, as text: {says}")]


def test_key_for_signatures_does_not_agree_on_anything() -> None:
    held = Held("the key", key("EdDSA", "Ed25519").key, {})
    says = "The key: It is on the curve Ed25519, and ECDH-ES takes P-256, P-384, P-521, X25519 or X448."
    assert problems(kind="encrypted", encrypt="ECDH-ES", recipient=held) == [("recipient", says)]
    held = Held("the key", ECKey.generate_key("secp256k1"), {})
    assert problems(kind="encrypted", encrypt="ECDH-ES", recipient=held)[0][1].startswith("The key: It is on the curve")


def test_of_several_keys_the_one_that_fits_is_chosen_and_a_secret_may_be_hex() -> None:
    keys, _ = read_keys(json.dumps({"keys": [jwk(key(alg), private=True) for alg in ("RS256", "ES384", "ES256")]}))
    held, why = fit.choose(keys, lambda each: fit.to_sign(each, "ES256"))
    assert (held.members["alg"], why) == ("ES256", "")
    readings, _ = read_keys("00" * 16)
    held, why = fit.choose(readings, lambda each: fit.to_encrypt(each, "A128KW", "A128GCM"))
    assert (held.called, why) == ("the secret, read as hex", "")
    token = made(Wanted("encrypted", TEXT, encrypt="A128KW", recipient=held))
    assert token.notes == ("The key is the secret, read as hex.",)


def test_claims_of_a_wrong_type_are_made_and_told() -> None:
    claims = {"exp": "soon", "iat": 1795447300000, "iss": 5, "aud": [1]}
    token = made(Wanted("signed", json.dumps(claims), key=key(*ONE)))
    assert token.notes == (
        "`exp` is no number of seconds since 1970, so it will be refused (RFC 7519 §2).",
        "`iat` looks like milliseconds; it counts in seconds (RFC 7519 §2).",
        "`iss` is no text, so it will be refused (RFC 7519 §4.1).",
        "`aud` is neither a text nor a list of texts, so it will be refused (RFC 7519 §4.1.3).",
    )
    token = made(Wanted("sd-jwt", '{"exp": 1}', key=key(*ONE), hide=("exp",)))
    assert token.notes == ("`exp` is hidden: its holder can leave it out, and so get past that check (RFC 9901 §9.7).",)
    short = made(Wanted("encrypted", TEXT, encrypt="PBES2-HS256+A128KW", recipient=secret(8)))
    assert short.notes == ("The password has 8 bytes; for PBES2-HS256+A128KW it should have 16 (RFC 7518 §8.8).",)


# fresh keys


@pytest.mark.parametrize(("alg", "size"), [*SIGNERS, *RECIPIENTS])
def test_fresh_key_is_read_again_from_each_of_its_forms(alg: str, size: str) -> None:
    held = key(alg, size)
    found = halves(held)
    thumbprint = jwcrypto_jwk.JWK(**jwk(Held("", held.key, {}), private=True)).thumbprint()
    assert found.thumbprint == thumbprint
    forms = [found.private_jwk, found.private_pem, found.public_jwk, found.public_pem, found.jwks]
    for text in filter(None, forms):
        (again,), told = read_keys(text)
        assert told == ()
        assert again.key.thumbprint() == thumbprint
        assert again.key.is_private == (text in (found.private_jwk, found.private_pem))
    assert held.members["use"] == ("sig" if alg in SIGNING else "enc")
    for text in (found.public_jwk, found.jwks, found.public_pem):
        assert '"d"' not in text
        assert "PRIVATE" not in text
    if held.key.key_type == "oct":
        assert (found.public_jwk, found.jwks, found.public_pem, found.private_pem) == ("", "", "", "")
        assert bytes.fromhex(found.hex) == base64url.decode(found.base64url).data == held.key.raw_value
        assert not thumbprint.startswith(held.members["kid"])  # it would tell something of the secret
    else:
        assert thumbprint.startswith(held.members["kid"])


def test_fresh_key_has_the_size_that_was_asked_for() -> None:
    assert key("RS256", "3072").key.raw_value.key_size == 3072
    assert key("RSA-OAEP").key.raw_value.key_size == 2048
    assert key("EdDSA", "Ed448").key.curve_name == "Ed448"  # type: ignore[union-attr]
    assert len(key("dir", "", "A256CBC-HS512").key.raw_value) == 64
    assert fresh("ES256", kid="mine").members == {"kid": "mine", "use": "sig", "alg": "ES256"}
    assert fresh("ES256").key.thumbprint() != fresh("ES256").key.thumbprint()


def test_fresh_key_that_is_not_offered_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^No key is made for 'RSA1_5'; it is one of ES256, .*A128KW\.$"):
        fresh("RSA1_5")
    with pytest.raises(
        ValueError, match=r"^A key for RS256 cannot have the size '1024': that is one of 2048, 3072, 4096\.$"
    ):
        fresh("RS256", "1024")
    with pytest.raises(
        ValueError, match=r"^A key for ES256 cannot have the size 'P-384': that follows from the algorithm\.$"
    ):
        fresh("ES256", "P-384")


# the code that makes this


def run_in(folder: Path, wanted: Wanted, token: Made) -> str:
    """What the program prints, beside the files of keys that it reads."""
    for name, form in as_code.files(wanted).items():
        held = wanted.key if name.startswith("key.") else wanted.recipient
        assert held
        (folder / name).write_text(getattr(halves(held), form))
    code = as_code.program(wanted, token)
    before = Path.cwd()
    out = io.StringIO()
    try:
        os.chdir(folder)
        with redirect_stdout(out):
            exec(compile(code, "make.py", "exec"), {"__name__": "__main__"})
    finally:
        os.chdir(before)
    return out.getvalue().removesuffix("\n")


def every_wanted() -> Iterator[tuple[str, Wanted]]:
    """Every algorithm, and every kind; with and without a header, a text for claims, an `iss` that is none."""
    for alg, size in SIGNERS:
        yield f"signed {alg} {size}", Wanted("signed", TEXT, alg=alg, key=key(alg, size))
    for alg, size in RECIPIENTS:
        held = key(alg, size)
        yield f"encrypted {alg} {size}", Wanted("encrypted", TEXT, encrypt=alg, recipient=held)
    for enc in CONTENT:
        yield f"dir {enc}", Wanted("encrypted", TEXT, encrypt="dir", enc=enc, recipient=key("dir", "", enc))
    signs, opens = key("EdDSA", "Ed25519"), key(*SEALED)
    own = '{"own": {"name": "x"}}'
    yield "encrypted, a name of one's own", Wanted("encrypted", TEXT, recipient=opens, header=own)
    yield "unsecured", Wanted("unsecured", TEXT, header='{"own": "x"}')
    yield "nested", Wanted("nested", TEXT, alg="EdDSA", key=signs, recipient=opens)
    yield "nested secrets", Wanted("nested", TEXT, alg="HS256", key=key("HS256"), encrypt="A256KW",
                                   recipient=key("A256KW"))  # fmt: skip
    sd_jwt = Wanted("sd-jwt", TEXT, alg="EdDSA", key=signs, hide=("sub", "list"), show=("sub",), decoys=2)
    yield "sd-jwt", sd_jwt
    yield "sd-jwt, nothing hidden", Wanted("sd-jwt", TEXT, alg="EdDSA", key=signs)
    yield (
        "no typ",
        Wanted("signed", TEXT, alg="EdDSA", key=signs, typ="", header='{"a": {"b": [1.5, null, "\\u202e"]}}'),
    )
    yield "strange iss", Wanted("signed", '{"iss": 5, "empty": {}, "\\"": "\\u0000"}', alg="EdDSA", key=signs)
    yield "text", Wanted("signed", 'a "text"\nof jwe. and json.', True, "EdDSA", signs)
    yield "list", Wanted("encrypted", "[1]", recipient=opens)


EVERY = dict(every_wanted())


@pytest.mark.parametrize("name", EVERY)
def test_code_makes_the_same_token(name: str, tmp_path: Path) -> None:
    wanted = EVERY[name]
    token = made(wanted)
    printed = run_in(tmp_path, wanted, token)
    assert (printed == token.text) == as_code.is_repeatable(wanted)
    keys = tuple(held for held in (wanted.key, wanted.recipient) if held)
    one, other = read(printed), read(token.text)
    assert verdict(printed, *keys).headline == verdict(token.text, *keys).headline
    if wanted.kind != "sd-jwt":
        assert getattr(one, "claims", None) == getattr(other, "claims", None)
        assert verdict(printed, *keys).opened is None or wanted.kind == "nested" or (
            verdict(printed, *keys).opened == token.payload
        )  # fmt: skip
    code = as_code.program(wanted, token)
    for held in keys:
        found = halves(held)
        for text in (found.base64url, found.hex, found.private_pem[40:90]):
            assert not text or text not in code


@pytest.mark.parametrize("name", ["signed ES256 ", "signed HS256 ", "nested", "sd-jwt"])
def test_code_runs_by_itself(name: str, tmp_path: Path) -> None:
    wanted = EVERY[name]
    token = made(wanted)
    run_in(tmp_path, wanted, token)  # leaves the keys there
    (tmp_path / "make.py").write_text(as_code.program(wanted, token))
    done = subprocess.run([sys.executable, "make.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    keys = tuple(held for held in (wanted.key, wanted.recipient) if held)
    assert verdict(done.stdout.strip(), *keys).headline == verdict(token.text, *keys).headline in ("Genuine", "Opened")


# carried over


def test_token_is_carried_over_without_its_key() -> None:
    header = '{"own": 1}'
    token = made(Wanted("signed", TEXT, alg="PS256", key=key("PS256"), typ="at+jwt", kid="", header=header))
    wanted, told = carry.carry(f"Authorization: Bearer {token.text}")
    assert json.loads(wanted.claims) == CLAIMS
    assert json.loads(wanted.header) == {"own": 1}
    assert (wanted.kind, wanted.alg, wanted.typ, wanted.kid) == (
        "signed",
        "PS256",
        "at+jwt",
        key("PS256").members["kid"],
    )
    assert wanted.key is None
    assert told == (
        "The claims and the header are taken over. The key is not: the new token is signed with another one.",
    )


def test_sd_jwt_is_carried_over_with_what_it_shows() -> None:
    token = made(Wanted("sd-jwt", TEXT, key=key(*ONE), hide=("sub", "list"), show=("sub",)))
    wanted, told = carry.carry(token.text)
    assert wanted.kind == "sd-jwt"
    assert json.loads(wanted.claims) == {name: value for name, value in CLAIMS.items() if name != "list"}
    assert (wanted.hide, wanted.show) == (("sub",), ("sub",))
    assert told[1:] == ("What it does not disclose is not known, and so not taken over.",)


def test_encrypted_token_is_carried_over_with_what_was_opened() -> None:
    token = made(Wanted("encrypted", TEXT, enc="A128GCM", recipient=key(*SEALED)))
    wanted, told = carry.carry(token.text)
    assert (wanted.kind, wanted.claims, wanted.enc, wanted.header) == ("encrypted", "{}", "A128GCM", "")
    assert told == (
        "It is encrypted: what it holds is not known here, so only its header is taken over.",
        "Of its header `epk` is left out.",
    )
    wanted, told = carry.carry(token.text, TEXT)
    assert json.loads(wanted.claims) == CLAIMS


def test_what_is_no_token_carries_nothing() -> None:
    assert carry.carry("hello") == (Wanted(), ("No token was found whose claims could be taken over.",))
    wanted, _ = carry.carry(made(Wanted("unsecured", TEXT)).text)
    assert wanted.kind == "unsecured"


def test_problem_names_its_field() -> None:
    assert make(Wanted("signed", "{", key=None, header="[")) == (
        Problem("claims", "Claims, line 1, character 2: a name in quotes is missing, and the text ends there."),
        Problem("header", "Header, line 1, character 2: a value is missing, and the text ends there."),
        Problem("key", "Signing with ES256 needs a private key or a secret."),
    )
