"""A token judged: what each rule finds, and the verdict in a few words."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, RSAKey
from made import ACCESS, EC, NOW, RSA, SECRET, digest, disclosure, encoded, held, judged, put_together, row, signed
from spec_sections import heading

from flows.tokens import base64url, json_text
from flows.tokens.judging import judge as judged_by
from flows.tokens.judging.common_secrets import common_secrets
from flows.tokens.judging.disclosures import disclose
from flows.tokens.judging.judge import Expected, judge
from flows.tokens.judging.rules import RULES
from flows.tokens.read import Signed, read
from flows.tokens.ring import Held


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of an access token, some of them changed, those that are None left out."""
    return {name: value for name, value in {**ACCESS, **changed}.items() if value is not None}


def access_token(**changed: Any) -> str:
    return signed(claims(**changed), typ="at+jwt")


# the verdict


def test_a_good_access_token_is_genuine_and_every_rule_says_what_it_found() -> None:
    found = judged(access_token(), held(issuer=ACCESS["iss"]), aud=ACCESS["aud"])
    assert (found.state, found.headline, found.says) == ("passed", "Genuine", "Signed with the key.")
    assert [(each.finding.state, each.finding.says) for each in found.rows] == [
        ("passed", "Three parts, two of them JSON"),
        ("passed", "All parts are base64url, without padding"),
        ("passed", "The header is JSON, each name once"),
        ("passed", "The payload is JSON, each name once"),
        ("passed", "`ES256` is an algorithm for signatures"),
        ("passed", "The key fits: P-256"),
        ("passed", "The signature fits these characters"),
        ("passed", "`typ` is `at+jwt`"),
        ("passed", "All 7 required members are there"),
        ("passed", "`iss` is the key’s owner"),
        ("passed", "`aud` names you"),
        ("passed", "`exp` is in 4 min"),
        ("not checked", "`nbf`, not in the token"),
        ("passed", "`iat` was 1 min ago"),
    ]


@pytest.mark.parametrize(
    ("changed", "expected", "headline"),
    [
        ({"exp": NOW}, {}, "Genuine, but expired"),
        ({"nbf": NOW + 1}, {}, "Genuine, but not valid yet"),
        ({}, {"aud": "https://other.example"}, "Genuine, but meant for somebody else"),
        ({}, {"iss": "https://other.example"}, "Genuine, but from another issuer"),
        ({"jti": None}, {}, "Genuine, but incomplete"),
        ({}, {"algs": frozenset({"RS256"})}, "Genuine, but signed in a way that is not allowed"),
        ({"exp": NOW - 1, "jti": None}, {}, "Genuine, but expired"),
    ],
)
def test_the_verdict_names_the_one_thing_that_is_wrong(changed: Any, expected: Any, headline: str) -> None:
    found = judged(access_token(**changed), held(), **expected)
    assert found.headline == headline


def test_what_was_never_verified_is_never_called_genuine() -> None:
    found = judged(access_token())
    assert (found.state, found.headline) == ("not checked", "Readable, but not verified")
    found = judged(access_token(exp=NOW - 1))
    assert (found.state, found.headline) == ("failed", "Not verified, and expired")


def test_another_key_and_a_changed_character_are_told_alike() -> None:
    token = access_token()
    other = Held("another key", ECKey.generate_key("P-256"), {})
    changed = token.replace(encoded(claims()), encoded(claims(sub="mallory")))
    for found in (judged(token, other), judged(changed, held())):
        assert (found.state, found.headline, found.key) == ("failed", "Not genuine", None)
        assert row(found, "signature_verifies")[:2] == ("failed", "The signature does not fit")


@pytest.mark.parametrize("spelled", ["none", "None", "NONE", "nOnE"])
def test_none_in_every_spelling_is_unsecured(spelled: str) -> None:
    found = judged(put_together({"alg": spelled}, claims()), held())
    assert (found.state, found.headline, found.key) == ("failed", "Unsecured", None)
    says = "Anybody could have written this."
    if spelled != "none":
        says += f" Spelled `{spelled}`, to get past a filter that compares letters."
    assert row(found, "token_is_signed") == ("failed", "`alg` is `none`: nothing is signed", says)


def test_a_signature_after_none_proves_nothing() -> None:
    found = judged(put_together({"alg": "none"}, claims(), b"x"))
    assert row(found, "token_is_signed")[2].endswith("It carries a signature all the same, which proves nothing.")


def test_a_token_whose_signature_was_cut_off_is_read_and_then_refused() -> None:
    token = access_token().rsplit(".", 1)[0]
    found = judged(token, held())
    assert found.headline == "Damaged"
    assert row(found, "parts_are_there") == (
        "failed",
        "It is not whole",
        "A signed token has three parts, and this has 2: a header and a payload. The rest is cut off.",
    )
    assert row(found, "exp_has_not_passed")[:2] == ("passed", "`exp` is in 4 min")


# structure


def test_padding_and_the_older_alphabet_are_named_by_part() -> None:
    header, payload, signature = access_token().split(".")
    found = judged(f"{header}.{payload}.{signature}==", held())
    assert row(found, "parts_are_base64url") == (
        "failed",
        "Not all of it is base64url",
        "Signature: It ends with padding (`=`), which base64url in a token leaves out.",
    )
    assert found.headline == "Genuine, but written in another way than it was signed"


def test_the_second_spelling_of_the_same_signature_is_refused() -> None:
    token = access_token()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + letters[letters.index(token[-1]) ^ 1]
    assert row(judged(twin, held()), "parts_are_base64url")[0] == "failed"


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ('{"sub":"alice","sub":"mallory"}', "`sub` stands twice in the payload"),
        ('{"a":{"b":1,"b":2}}', "`b` stands twice in the payload"),
        ('{"exp":NaN}', "The payload’s JSON is damaged"),
        ('{"exp":1795', "The payload’s JSON is damaged"),
    ],
)
def test_json_that_two_readers_would_read_differently_is_refused(payload: str, says: str) -> None:
    assert row(judged(signed(payload), held()), "payload_is_claims")[:2] == ("failed", says)


def test_a_name_that_stands_twice_in_the_header_is_refused() -> None:
    token = put_together('{"alg":"none","alg":"ES256"}', claims(), b"x")
    assert row(judged(token), "header_is_json")[:2] == ("failed", "`alg` stands twice in the header")


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        ({"crit": ["exp"], "exp": 1}, ("failed", "`crit` names `exp`, which is not known here")),
        ({"crit": ["b64"]}, ("failed", "`crit` names `b64`, which is not in the header")),
        ({"crit": []}, ("failed", "`crit` is no list of names")),
        ({"crit": ["b64", "b64"], "b64": True}, ("failed", "`crit` names one extension twice")),
        ({"b64": True}, ("failed", "`b64` is used, and `crit` does not name it")),
        ({"crit": ["b64"], "b64": True}, ("passed", "All that `crit` names is understood")),
        ({}, ("", "")),
    ],
)
def test_what_crit_names_must_be_known(header: Any, finding: tuple[str, str]) -> None:
    assert row(judged(signed(claims(), **header), held()), "crit_is_understood")[:2] == finding


def test_an_alg_outside_of_what_is_signed_is_warned_of() -> None:
    _, payload, signature = signed(claims()).split(".")
    token = json.dumps({"payload": payload, "header": {"alg": "ES256"}, "signature": signature})
    found = row(judged(token, held()), "alg_is_protected")
    assert found == ("warning", "`alg` stands outside of what is signed", "Anybody on the way can change it.")


# keys


@pytest.mark.parametrize(
    ("members", "more"),
    [
        ({"use": "enc"}, "The key: Its `use` is `enc`, and signatures need `sig`. It did make this signature, though."),
        ({"key_ops": ["sign"]}, "The key: Its `key_ops` do not hold `verify`. It did make this signature, though."),
        (
            {"alg": "ES384"},
            "The key: Its `alg` is `ES384`, and the token's is `ES256`. It did make this signature, though.",
        ),
        ({"kid": "b"}, "The key: Its `kid` is `b`, and the token names `a`. It did make this signature, though."),
    ],
)
def test_a_key_for_another_use_does_not_fit_and_is_not_used(members: Any, more: str) -> None:
    found = judged(signed(claims(), kid="a"), held(**members))
    assert row(found, "key_fits") == ("failed", "The key does not fit", more)
    assert (found.key, found.headline) == (None, "Not verified")


def test_an_rsa_key_is_never_used_as_a_secret() -> None:
    found = judged(signed(claims(), "HS256"), held("RS256"))
    assert row(found, "key_fits")[1:] == (
        "The key does not fit",
        "The key: It is an RSA key, and HS256 takes a secret.",
    )


def test_of_several_keys_the_one_that_verified_is_named() -> None:
    keys = held(called="key 1", kid="1"), held("RS256", "key 2", kid="2"), held(called="key 3", kid="3")
    found = judged(signed(claims(), "RS256", kid="2"), *keys)
    assert found.key == keys[1]
    assert row(found, "signature_verifies")[2] == "Verified with key 2."


def test_a_short_rsa_key_and_a_short_secret_are_warned_of() -> None:
    short = RSAKey.import_key(
        generate_private_key(65_537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode(claims(), short.private_key, "RS256")
    found = judged(token, Held("a short key", short, {}))
    assert row(found, "key_is_strong") == (
        "failed",
        "The key is weak",
        "The RSA key has 1,024 bits; RS256 needs 2,048.",
    )


# what fools people


@pytest.mark.parametrize(
    "secret", ["secret", "your-256-bit-secret", "changeme", "", "https://issuer.example", "photoprint"]
)
def test_a_secret_that_everybody_tries_is_found(secret: str) -> None:
    message = f"{encoded({'alg': 'HS256'})}.{encoded(claims())}"
    mac = hmac.digest(secret.encode(), message.encode(), hashlib.sha256)
    found = judged(put_together({"alg": "HS256"}, claims(), mac))
    assert found.headline == "Anybody could have made it"
    state, says, _ = row(found, "secret_is_not_known")
    assert (state, says) == ("failed", f"Its secret is `{secret}`" if secret else "Its secret is empty")


def test_a_secret_of_its_own_is_held_against_every_common_one() -> None:
    guesses = len(common_secrets()) + 4  # the issuer, the audience, the subject and the client
    found = row(judged(signed(claims(), "HS256"), held("HS256")), "secret_is_not_known")
    assert found == ("passed", f"Its secret is none of {guesses} common ones", "")
    assert len(common_secrets()) == len(set(common_secrets())) > 600


def test_a_key_that_travels_along_is_shown_and_not_believed() -> None:
    token = signed(claims(), typ="at+jwt", jwk=EC.as_dict(private=False), jku="https://evil.example/jwks")
    found = judged(token)
    assert row(found, "key_does_not_travel_along") == (
        "warning",
        "It brings a key (`jwk`) and the address of keys (`jku`) along",
        "A forger would do so too. This page shows it and fetches nothing.",
    )
    assert found.key is None


@pytest.mark.parametrize(
    ("kid", "says"),
    [
        ("../../dev/null", "`kid` looks like a path"),
        ("https://evil.example/k", "`kid` looks like an address"),
        ("x' OR 1=1 --", "`kid` looks like a database query"),
        ("key|id", "`kid` looks like a command"),
        ("a\nb", "`kid` looks like control characters"),
        ("k" * 300, "`kid` has 300 characters"),
        ("2026-11", ""),
        ("did:example:123#key-1", ""),
    ],
)
def test_a_kid_that_aims_at_something_is_warned_of(kid: str, says: str) -> None:
    assert row(judged(signed(claims(), kid=kid)), "kid_is_plain")[1] == says


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"email": "alice@example.com", "name": "Alice"}, "It holds personal data: `email`, `name`"),
        ({"user": {"contact": "alice@example.com"}}, "It holds personal data: an e-mail address"),
        ({"password": "wonderland"}, "It may hold a secret: `password`"),
        ({"card": "4111 1111 1111 1111"}, "It may hold a secret: a card number"),
        ({"number": "1111 1111 1111 1111"}, ""),
        ({"card": "4012 8888 8888 1881"}, "It may hold a secret: a card number"),
        ({"issued": 1_795_447_500_004}, ""),
        ({"pem": "-----BEGIN PRIVATE KEY-----"}, "It may hold a secret: a private key"),
        ({}, ""),
    ],
)
def test_what_a_readable_payload_should_not_hold_is_warned_of(more: Any, says: str) -> None:
    assert row(judged(signed(claims(**more))), "payload_holds_nothing_private")[1] == says


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"exp": NOW + 86_340}, ""),
        ({"exp": NOW + 86_341}, "It is good for 1 d 1 s"),
        ({"exp": NOW + 366 * 86_400, "iat": None}, "It is good for 1 year 1 d"),
        ({"exp": None}, "It never expires: there is no `exp`"),
    ],
)
def test_a_long_life_is_warned_of(changed: Any, says: str) -> None:
    assert row(judged(signed(claims(**changed))), "lifetime_is_short")[1] == says


# times


@pytest.mark.parametrize(
    ("exp", "finding"),
    [
        (
            NOW * 1000,
            ("failed", "`exp` is in milliseconds", "It is counted in seconds. Meant: 23 November 2026, 15:21:40 UTC."),
        ),
        (str(NOW + 60), ("failed", "`exp` is a text", "It is a number of seconds since 1970.")),
        (True, ("failed", "`exp` is no time", "It is a number of seconds since 1970.")),
        (-1, ("failed", "`exp` is no time", "It is a number of seconds since 1970.")),
        (NOW + 0.5, ("passed", "`exp` is in 0 s", "")),
        (NOW - 5, ("failed", "`exp` has passed", "23 November 2026, 15:21:35 UTC, 5 s ago.")),
    ],
)
def test_what_is_no_time_is_said_to_be_none(exp: Any, finding: tuple[str, str, str]) -> None:
    assert row(judged(signed(claims(exp=exp))), "exp_has_not_passed") == finding


def test_a_leeway_lets_clocks_differ() -> None:
    token = access_token(exp=NOW - 5, nbf=NOW + 5)
    found = judged(token, held(), leeway=6)
    assert row(found, "exp_has_not_passed")[:2] == ("passed", "`exp` has passed, within the leeway")
    assert row(found, "nbf_has_come")[0] == "passed"


def test_a_token_from_the_future_is_warned_of() -> None:
    assert row(judged(access_token(iat=NOW + 90)), "iat_is_past") == (
        "warning",
        "`iat` lies in the future",
        "23 November 2026, 15:23:10 UTC, in 1 min 30 s.",
    )


# profiles


def test_an_id_token_is_known_by_its_claims_and_held_to_its_rules() -> None:
    token = signed(claims(nonce="n-1", client_id=None, aud=["photoprint", "other"]))
    found = judged(token, held(), nonce="n-2")
    assert found.profile == "id-token"
    assert row(found, "nonce_is_expected")[:2] == ("failed", "`nonce` is not the one that you sent")
    assert row(found, "azp_is_named")[:2] == ("warning", "Several audiences, and no `azp`")


def test_a_dpop_proof_is_verified_with_the_key_it_brings() -> None:
    proof = {"jti": "1", "htm": "POST", "htu": "https://as.example/token", "iat": NOW}
    found = judged(signed(proof, typ="dpop+jwt", jwk=EC.as_dict(private=False)))
    assert (found.profile, found.state, found.headline) == ("dpop-proof", "passed", "It fits its own key")
    assert found.says.startswith("The key stands in its own header.")
    assert row(found, "proof_is_for_one_request") == (
        "not checked",
        "`htm` and `htu`",
        "Is it a POST request to https://as.example/token that it came with?",
    )
    found = judged(
        signed(proof | {"htu": "https://as.example/token?x=1"}, typ="dpop+jwt", jwk=EC.as_dict(private=False))
    )
    assert row(found, "proof_is_for_one_request")[:2] == ("failed", "`htu` has a query or a fragment")
    found = judged(signed(proof, typ="dpop+jwt", jwk=EC.as_dict(private=True)))
    assert row(found, "proof_is_for_one_request")[:2] == ("failed", "The `jwk` in the header holds a private key")


def test_a_logout_token_must_say_that_it_is_one_and_have_no_nonce() -> None:
    event = {"http://schemas.openid.net/event/backchannel-logout": {}}
    token = signed(claims(events=event, nonce="n"), typ="logout+jwt")
    found = judged(token, held())
    assert found.profile == "logout-token"
    assert row(found, "logout_names_whom")[:2] == ("passed", "`events` says logout, and it is said of whom")
    assert row(found, "nonce_is_expected")[:2] == ("failed", "A logout token must not have a `nonce`")
    found = judged(signed(claims(events={}, sub=None), typ="logout+jwt"), held())
    assert row(found, "logout_names_whom")[:2] == ("failed", "`events` does not say that this is a logout")


# SD-JWT


def sd_jwt(*shown: str, issued: dict[str, Any], binding: Any = None, **header: Any) -> str:
    token = "~".join([signed(issued, typ="dc+sd-jwt", **header), *shown, ""])
    if binding is None:
        return token
    return token + signed(
        {"iat": NOW, "aud": "https://me", "nonce": "n", "sd_hash": digest(token)} | binding, typ="kb+jwt"
    )


def test_disclosures_are_put_where_their_digests_stand() -> None:
    street = disclosure("s1", "street", "Rabbit Lane 1")
    address = disclosure("s2", "address", {"_sd": [digest(street), "x"], "city": "Oxford"})
    colour = disclosure("s3", "red")
    issued = {
        "iss": "https://i",
        "_sd": [digest(address)],
        "colours": ["blue", {"...": digest(colour)}],
        "_sd_alg": "sha-256",
    }
    token = read(sd_jwt(street, address, colour, issued=issued))
    assert isinstance(token, Signed)
    found = disclose(token)
    assert found.claims == {
        "iss": "https://i",
        "colours": ["blue", "red"],
        "address": {"city": "Oxford", "street": "Rabbit Lane 1"},
    }
    assert [each.place for each in found.placed] == ["address.street", "address", "colours[1]"]
    assert (found.withheld, found.problems) == (1, ())
    judgement = judge(token, Expected(NOW, keys=(held(),)))
    assert row(judgement, "disclosures_fit_their_digests") == (
        "passed",
        "3 disclosures, each with its digest",
        "1 digests stay closed.",
    )


def test_a_disclosure_that_the_issuer_never_signed_is_refused() -> None:
    found = judged(sd_jwt(disclosure("s", "admin", True), issued={"iss": "https://i", "_sd": []}), held())
    assert found.headline == "Genuine, but with disclosures that are not the issuer’s"
    assert row(found, "disclosures_fit_their_digests")[1:] == (
        "1 disclosure without a digest in the payload",
        "The first: `admin`.",
    )


def test_whoever_shows_an_sd_jwt_proves_to_hold_its_key() -> None:
    issued = {"iss": "https://i", "_sd": [], "cnf": {"jwk": EC.as_dict(private=False)}}
    found = judged(sd_jwt(issued=issued, binding={}), held())
    assert row(found, "key_binding_fits")[:2] == ("passed", "The proof is about just these disclosures")
    assert found.inner
    _, proof = found.inner
    assert (proof.profile, proof.headline, proof.says) == (
        "key-binding",
        "Genuine",
        "Signed with the key named in `cnf`. Not checked: `aud`, `nonce`.",
    )
    found = judged(sd_jwt(issued=issued, binding={"sd_hash": "x"}), held())
    assert (found.headline, row(found, "key_binding_fits")[1]) == (
        "Genuine, but shown by somebody else",
        "`sd_hash` is of another presentation",
    )
    assert row(judged(sd_jwt(issued=issued), held()), "key_binding_fits")[0] == "not checked"


# encrypted


def encrypted(content: str, alg: str = "RSA-OAEP", enc: str = "A128GCM", **header: Any) -> str:
    return jwe.encrypt_compact({"alg": alg, "enc": enc, **header}, content, RSA, algorithms=[alg, enc, "DEF"])


def test_an_encrypted_token_is_closed_until_its_key_opens_it() -> None:
    token = encrypted(json.dumps(claims(exp=NOW - 1)), zip="DEF")
    found = judged(token)
    assert (found.state, found.headline, found.opened) == ("not checked", "Closed", None)
    found = judged(token, Held("my key", RSA, {}))
    assert (found.headline, found.opened) == ("Opened, but expired", json.dumps(claims(exp=NOW - 1)).encode())
    assert row(found, "content_opens") == ("passed", "The key opens it, and the tag fits", "Opened with my key.")
    assert row(found, "encrypted_is_signed")[1] == "It is encrypted with a public key, and not signed"
    assert row(found, "nothing_was_compressed")[0] == "warning"
    found = judged(token, Held("another key", RSAKey.generate_key(2048), {}))
    assert (found.state, found.headline) == ("failed", "Does not open")


def test_a_token_within_an_encrypted_one_is_judged_likewise() -> None:
    token = encrypted(access_token(), cty="JWT")
    found = judged(token, Held("my key", RSA, {}), held())
    assert found.headline == "Opened"
    assert found.inner
    inner, judgement = found.inner
    assert isinstance(inner, Signed)
    assert (judgement.profile, judgement.headline) == ("access-token", "Genuine")


def test_a_token_inside_that_is_refused_spoils_the_verdict() -> None:
    token = encrypted(put_together({"alg": "none"}, claims()), cty="JWT")
    found = judged(token, Held("my key", RSA, {}))
    assert (found.state, found.headline) == ("failed", "Opened, but what is inside is refused")
    assert found.says.endswith("Inside: Unsecured. Nothing is signed, so anybody could have written this.")


def test_the_key_that_opened_it_need_not_have_signed_what_is_inside() -> None:
    other = signed(claims(), "HS256")
    found = judged(encrypted(other, cty="JWT"), Held("my key", RSA, {}))
    assert found.inner
    assert found.inner[1].headline == "Readable, but not verified"
    assert (found.state, found.headline) == ("passed", "Opened")


def test_cty_that_says_what_is_not_so_is_refused() -> None:
    key = Held("my key", RSA, {})
    assert row(judged(encrypted("{}", cty="JWT"), key), "cty_is_true")[:2] == (
        "failed",
        "`cty` says that a token is inside, and there is none",
    )
    assert row(judged(encrypted(access_token()), key), "cty_is_true")[0] == "warning"


def test_an_inner_header_that_begins_with_a_space_is_still_a_token() -> None:
    inner = put_together(' {"alg":"none"}', claims())
    assert judged(encrypted(inner, cty="JWT"), Held("my key", RSA, {})).inner


def test_of_an_encrypted_token_both_algorithms_must_be_allowed() -> None:
    key = Held("my key", RSA, {})
    found = judged(encrypted("{}"), key, algs=frozenset({"RSA-OAEP"}))
    assert row(found, "alg_is_allowed")[:2] == ("failed", "`RSA-OAEP` with `A128GCM` is not what you allow")
    found = judged(encrypted("{}"), key, algs=frozenset({"RSA-OAEP", "A128GCM"}))
    assert row(found, "alg_is_allowed")[0] == "passed"


# what an attacker tried


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "iss", "sub", "aud", "client_id", "jti"])
def test_a_claim_that_is_null_is_there_and_wrong(name: str) -> None:
    token = signed({**ACCESS, name: None}, typ="at+jwt")
    found = judged(token, held(), aud=ACCESS["aud"])
    assert (found.state, found.headline.partition(",")[0]) == ("failed", "Genuine")


@pytest.mark.parametrize("asked", [{"iss": "https://i"}, {"aud": "me"}, {"nonce": "n"}])
def test_what_is_expected_and_missing_is_refused(asked: dict[str, str]) -> None:
    found = judged(signed({"sub": "alice", "exp": NOW + 60}), held(), **asked)
    says = [each.finding.says for each in found.rows if each.finding.state == "failed"]
    assert says == [f"`{next(iter(asked))}` is missing"]


def test_a_key_of_somebody_else_does_not_sign_for_an_issuer_whose_keys_are_known() -> None:
    theirs = held(called="their key", issuer=ACCESS["iss"])
    mine = Held("my key", ECKey.generate_key("P-256"), {})
    message = f"{encoded({'alg': 'ES256', 'typ': 'at+jwt'})}.{encoded(claims())}"
    made = jwt.algorithms.get_default_algorithms()["ES256"].sign(message.encode(), mine.key.private_key)
    found = judged(f"{message}.{base64url.encode(made)}", mine, theirs)
    assert (found.headline, row(found, "iss_is_trusted")[1]) == (
        "Genuine, but from another issuer",
        "`iss` has keys that are known here, and this is none of them",
    )


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"b64": "false", "crit": ["b64"]}, "`b64` is neither true nor false"),
        ({"b64": False, "crit": ["b64"]}, "A JWT’s payload must be encoded: `b64` may not be false"),
    ],
)
def test_b64_is_held_to_its_rules(header: Any, says: str) -> None:
    assert row(judged(signed(claims(), **header), profile="jwt"), "crit_is_understood")[:2] == ("failed", says)


def test_b64_outside_the_protected_header_changes_nothing_and_is_refused() -> None:
    protected, payload, signature = signed(claims(), crit=["b64"]).split(".")
    held_in = {"protected": protected, "header": {"b64": False}, "payload": payload, "signature": signature}
    found = judged(json.dumps(held_in), held())
    assert row(found, "crit_is_understood")[1].startswith("`b64` stands outside the protected header")
    assert row(found, "signature_verifies")[0] == "passed"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"signatures": {}}, "`signatures` is no list."),
        ({"protected": {}}, "`protected` is no text, or an empty one."),
        ({"header": 5}, "The header of this one is no object."),
    ],
)
def test_two_json_forms_in_one_are_refused(more: Any, problem: str) -> None:
    protected, payload, signature = signed(claims()).split(".")
    token = {"protected": protected, "payload": payload, "signature": signature, **more}
    assert problem in row(judged(json.dumps(token), held()), "parts_are_there")[2]
    entry = {"protected": protected, "signature": signature}
    both = {"payload": payload, "signatures": [entry], "signature": signature}
    assert row(judged(json.dumps(both), held()), "parts_are_there")[2] == (
        "`signature` stands beside `signatures`, where it says something else."
    )


def test_an_sd_jwt_is_judged_by_what_it_discloses() -> None:
    expired = disclosure("s", "exp", NOW - 1)
    found = judged(sd_jwt(expired, issued={"iss": "https://i", "_sd": [digest(expired)]}), held())
    assert found.headline == "Genuine, but expired"
    bound = disclosure("s", "cnf", {"jwk": EC.as_dict(private=False)})
    found = judged(sd_jwt(bound, issued={"iss": "https://i", "_sd": [digest(bound)]}, binding={}), held())
    assert (found.headline, row(found, "key_binding_fits")[0]) == ("Genuine", "passed")


@pytest.mark.parametrize("sd_alg", ["md5", "sha3-256", 5, None])
def test_an_unknown_hash_lets_no_disclosure_through(sd_alg: Any) -> None:
    issued = {"iss": "https://i", "_sd": [], "_sd_alg": sd_alg, "cnf": {"jwk": EC.as_dict(private=False)}}
    found = judged(sd_jwt(disclosure("s", "admin", True), issued=issued, binding={"sd_hash": ""}), held())
    assert row(found, "disclosures_fit_their_digests")[0] == row(found, "key_binding_fits")[0] == "failed"


@pytest.mark.parametrize("binding", [{"iat": NOW - 301}, {"iat": None}])
def test_a_proof_that_is_old_spoils_the_verdict(binding: Any) -> None:
    issued = {"iss": "https://i", "_sd": [], "cnf": {"jwk": EC.as_dict(private=False)}}
    found = judged(sd_jwt(issued=issued, binding=binding), held())
    assert (found.state, found.headline) == ("failed", "Genuine, but shown by somebody else")


def test_a_proof_by_any_other_key_spoils_the_verdict() -> None:
    issued = {"iss": "https://i", "_sd": [], "cnf": {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}}
    found = judged(sd_jwt(issued=issued, binding={}), held())
    assert (found.state, found.headline) == ("failed", "Genuine, but shown by somebody else")


def test_a_proof_with_a_secret_that_everybody_can_read_proves_nothing() -> None:
    issued = {"iss": "https://i", "_sd": [], "cnf": {"jwk": {"kty": "oct", "k": base64url.encode(SECRET)}}}
    shown = sd_jwt(issued=issued)
    proof = {"iat": NOW, "aud": "https://me", "nonce": "n", "sd_hash": digest(shown)}
    found = judged(shown + signed(proof, "HS256", typ="kb+jwt"), held())
    assert (found.state, found.headline) == ("failed", "Genuine, but shown by somebody else")


def test_a_proof_is_not_called_genuine_where_its_key_was_named_by_nobody_known() -> None:
    issued = {"iss": "https://i", "_sd": [], "cnf": {"jwk": EC.as_dict(private=False)}}
    found = judged(sd_jwt(issued=issued, binding={}))
    assert found.inner
    assert (found.inner[1].state, found.inner[1].headline) == ("not checked", "It fits, whatever that is worth")


def test_disclosures_of_a_json_form_are_held_against_their_digests() -> None:
    protected, payload, signature = signed({"iss": "https://i", "_sd": []}, typ="dc+sd-jwt").split(".")
    token: dict[str, Any] = {"protected": protected, "payload": payload, "signature": signature}
    token["header"] = {"disclosures": [disclosure("s", "admin", True)]}
    found = judged(json.dumps(token), held())
    assert row(found, "disclosures_fit_their_digests")[1] == "1 disclosure without a digest in the payload"


@pytest.mark.parametrize("jwk", [{"kty": "XX"}, {"kty": "oct", "k": "c2VjcmV0"}])
def test_a_dpop_proof_with_a_broken_key_is_not_verified_with_another(jwk: Any) -> None:
    proof = {"jti": "1", "htm": "POST", "htu": "https://as.example/token", "iat": NOW}
    found = judged(signed(proof, typ="dpop+jwt", jwk=jwk), held())
    assert (found.state, found.key) == ("failed", None)


def test_a_dpop_proof_of_yesterday_is_refused() -> None:
    proof = {"jti": "1", "htm": "POST", "htu": "https://as.example/token", "iat": NOW - 90_000}
    found = judged(signed(proof, typ="dpop+jwt", jwk=EC.as_dict(private=False)))
    assert (found.state, found.headline) == ("failed", "It fits its own key, but too old")


@pytest.mark.parametrize("exp", [253_402_300_799, 10_413_792_000])
def test_a_far_day_is_a_day(exp: int) -> None:
    assert row(judged(signed(claims(exp=exp))), "exp_has_not_passed")[0] == "passed"


@pytest.mark.parametrize("exp", [10**310, 1e20, -1, "Infinity"])
def test_what_is_no_time_is_not_called_expired(exp: Any) -> None:
    assert judged(access_token(exp=exp), held()).headline == "Genuine, but with a time that is none"


def test_a_cut_mac_is_not_held_against_common_secrets() -> None:
    message = f"{encoded({'alg': 'HS256'})}.{encoded(claims())}"
    mac = hmac.digest(b"secret", message.encode(), "sha256")
    found = judged(f"{message}.{base64url.encode(mac[:30])}")
    assert row(found, "secret_is_not_known") == ("", "", "")
    assert row(found, "signature_verifies") == (
        "failed",
        "The signature has the wrong length",
        "It has 30 bytes, and HS256 makes 32: something is cut off.",
    )


def test_a_guessed_secret_is_not_said_to_be_unverified() -> None:
    message = f"{encoded({'alg': 'HS256'})}.{encoded(claims())}"
    mac = hmac.digest(b"secret", message.encode(), "sha256")
    found = judged(f"{message}.{base64url.encode(mac)}")
    assert row(found, "signature_verifies")[:2] == ("passed", "The signature fits, with a secret that was guessed")
    assert row(found, "key_fits") == ("", "", "")


def test_a_short_secret_is_refused() -> None:
    message = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims())}"
    mac = hmac.digest(b"xQ7", message.encode(), "sha256")
    found = judged(f"{message}.{base64url.encode(mac)}", Held("it", OctKey.import_key(b"xQ7"), {}))
    assert (found.state, found.headline) == ("failed", "Genuine, but its key is weak")


def test_an_access_token_is_no_id_token() -> None:
    found = judged(access_token(), held(), profile="id-token")
    assert row(found, "typ_is_expected")[:2] == ("failed", "`typ` says that it is another kind: `at+jwt`")


def test_of_many_keys_that_the_token_does_not_name_it_is_said_which_there_are() -> None:
    found = judged(signed(claims(), kid="c"), held(kid="a"), held(kid="b"))
    assert row(found, "key_fits")[1:] == ("None of the keys fits", "The token names `c`; there are `a`, `b`.")


def test_halves_of_surrogate_pairs_can_be_shown() -> None:
    text = r'{"sub":"\ud800","a":{"b":["\udfff","\ud83d\ude00","\\ud800"],"\ud800":1}}'
    read_json = json_text.read(text.encode())
    assert read_json.object == {"sub": "\ufffd", "a": {"b": ["\ufffd", "\U0001f600", r"\ud800"], "\ufffd": 1}}
    assert read_json.members[0].text == r'"\ud800"'


HUGE = {
    "five empty parts": lambda: put_together({"alg": "dir", "enc": "A128GCM"}, "") + "..",
    "many disclosures": lambda: put_together({"alg": "none"}, {"a": 1}) + "~" * 550_000,
    "a shared header for many": lambda: json.dumps(
        {"unprotected": {"x": [[]] * 250_000}, "recipients": [{}] * 100, "ciphertext": "", "iv": ""}
    ),
    "a long name": lambda: put_together({"alg": "none"}, {"n" * 300_000: [0] * 100_000}) + "~",
    "many problems": lambda: put_together({"alg": "none"}, {"a": [{"_sd": 0}] * 72_000}) + "~",
}


@pytest.mark.parametrize("what", HUGE)
@pytest.mark.parametrize("profile", ["", "dpop-proof", "sd-jwt"])
def test_what_is_huge_or_odd_is_judged_all_the_same(what: str, profile: str) -> None:
    assert judged(HUGE[what](), profile=profile).state != "passed"


# the rules as a list


def test_every_rule_has_a_reason_and_a_section_that_exists() -> None:
    assert {each.name for each in judged_by.RULES} == RULES.keys()
    for each in RULES.values():
        assert each.reason.endswith("."), each.name
        assert heading(each.rfc), (each.name, each.rfc)


@pytest.mark.parametrize("module", ["structure", "signature", "claims", "dangers", "sd_jwt", "profiles"])
def test_every_section_that_a_finding_cites_exists(module: str) -> None:
    source = (Path(judged_by.__file__).parent / f"{module}.py").read_text()
    cited = set(re.findall(r'"([a-z0-9-]+#(?:section|appendix)-[A-Z0-9.]+)"', source))
    assert cited
    assert all(heading(each) for each in cited)
