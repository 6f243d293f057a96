"""/token, attacked: who asks, how it is asked, what is traded, and what the answer looks like."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from parties import (
    CALLBACK,
    FORM,
    NOON,
    VERIFIER,
    World,
    body,
    code_of,
    fetch,
    headers,
    redeem,
    refused_by,
    signed,
    timed_world,
    token_form,
)

from flows import wire
from flows.entry import Entry
from flows.tokens import jws

PAIR = wire.basic("photoprint", "photoprint-secret")
CHALLENGE = 'Basic realm="Snapbox accounts", charset="UTF-8"'


@pytest.fixture
def world(entry: Entry) -> World:
    return World(entry)


@pytest.fixture
def timed(entry: Entry) -> World:
    return timed_world(entry)


def send(world: World, sent: str | bytes, *more: tuple[str, str], query: str = "") -> wire.Answered:
    """POST exactly these bytes to /token, with exactly these headers."""
    content = sent if isinstance(sent, bytes) else sent.encode("latin-1")
    lines = (("Host", "localhost:8765"), *more, ("Content-Length", str(len(content))))
    return world.send(wire.Request("POST", f"/auth/{world.name}/token{query}", lines, content))


def basic_of(pair: bytes) -> tuple[str, str]:
    return ("Authorization", "Basic " + base64.b64encode(pair).decode())


def assert_refused(answer: wire.Answered, status: int, error: str, check: str) -> None:
    assert (answer.response.status, body(answer), refused_by(answer)) == (status, {"error": error}, check)
    assert answer.response.content_type == "application/json"
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert headers(answer, "Pragma") == ["no-cache"]
    assert headers(answer, "WWW-Authenticate") == ([CHALLENGE] if status == 401 else [])
    assert headers(answer, "Access-Control-Allow-Origin") == ["*"]


def still_good(world: World, code: str) -> bool:
    """Whether the rightful client can still trade the code: a refusal must never have spent it."""
    return redeem(world, code).response.status == 200


# Who asks.


@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app", "photoprint-short"])
def test_every_client_of_the_sandbox_gets_its_token(world: World, client_id: str) -> None:
    answer = redeem(world, code_of(world, client_id), client_id)
    assert (answer.response.status, refused_by(answer)) == (200, None)
    assert sorted(body(answer)) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    assert fetch(world, body(answer)["access_token"]).response.status == 200


def test_secret_in_the_form_is_as_good_as_basic(world: World) -> None:
    form = token_form(code=code_of(world), client_id="photoprint", client_secret="photoprint-secret")
    assert send(world, urlencode(form), FORM).response.status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        basic_of(b"photoprint:photoprint-secret"),
        basic_of(b"photoprint:photoprint%2Dsecret"),
        basic_of(b"%70hotoprint:photoprint-secre%74"),
        ("Authorization", PAIR[1].replace("Basic", "basic")),
        ("Authorization", PAIR[1].replace("Basic", "BASIC")),
        ("authorization", PAIR[1]),
    ],
    ids=["plain", "percent-encoded dash", "percent-encoded letters", "basic", "BASIC", "header in lower case"],
)
def test_basic_is_read_as_the_rfc_writes_it(world: World, authorization: tuple[str, str]) -> None:
    answer = send(world, urlencode(token_form(code=code_of(world))), FORM, authorization)
    assert answer.response.status == 200


def test_same_client_id_in_form_and_header_is_no_contradiction(world: World) -> None:
    form = token_form(code=code_of(world), client_id="photoprint")
    assert send(world, urlencode(form), FORM, PAIR).response.status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        basic_of(b"photoprint:wrong"),
        basic_of(b"photoprint:"),
        basic_of(b"photoprint:photoprint-secret "),
        basic_of(b"photoprint:PHOTOPRINT-SECRET"),
        basic_of(b"photoprint:photoprint+secret"),
        basic_of(b"nobody:photoprint-secret"),
        basic_of(b":photoprint-secret"),
        basic_of(b":"),
        basic_of(b"photoprint"),
        basic_of(b""),
        basic_of(b"photoprint:\xff"),
        basic_of(b"photoprint:%ff"),
        basic_of(b"photoprint\x00:photoprint-secret"),
        basic_of(b"photoprint-short:photoprint-secret"),
        basic_of(b"photoprint-app:"),
        basic_of(b"photoprint-app:anything"),
        ("Authorization", "Basic"),
        ("Authorization", "Basic !!!!"),
        ("Authorization", "Basic \u00e9\u00e9"),
        ("Authorization", "Basic cGhvdG9wcmludDpwaG90b3ByaW50LXNlY3JldA"),
        ("Authorization", f"{PAIR[1]}, {PAIR[1]}"),
        ("Authorization", "Bearer " + PAIR[1].partition(" ")[2]),
        ("Authorization", 'Digest username="photoprint"'),
        ("Authorization", PAIR[1].partition(" ")[2]),
    ],
    ids=lambda pair: pair[1].encode().hex()[-24:],
)
def test_header_that_proves_nothing_is_invalid_client(world: World, authorization: tuple[str, str]) -> None:
    code = code_of(world)
    answer = send(world, urlencode(token_form(code=code)), FORM, authorization)
    assert_refused(answer, 401, "invalid_client", "client_is_authenticated")
    assert still_good(world, code)


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"client_id": ""},
        {"client_id": "nobody"},
        {"client_id": "nobody", "client_secret": "photoprint-secret"},
        {"client_id": "photoprint"},
        {"client_id": "photoprint", "client_secret": ""},
        {"client_id": "photoprint", "client_secret": "wrong"},
        {"client_secret": "photoprint-secret"},
        {"client_id": "photoprint-app", "client_secret": "photoprint-secret"},
        {"client_id": "photoprint-app", "client_secret": "x"},
    ],
)
def test_form_that_proves_nothing_is_invalid_client(world: World, who: dict[str, str]) -> None:
    code = code_of(world)
    answer = send(world, urlencode({**token_form(code=code), **who}), FORM)
    assert_refused(answer, 401, "invalid_client", "client_is_authenticated")
    assert still_good(world, code)


@pytest.mark.parametrize("secret", ["photoprint-secret", "wrong"])
def test_two_authentications_at_once_are_refused(world: World, secret: str) -> None:
    form = token_form(code=code_of(world), client_id="photoprint", client_secret=secret)
    answer = send(world, urlencode(form), FORM, PAIR)
    assert_refused(answer, 400, "invalid_request", "client_authenticates_in_one_way")


@pytest.mark.parametrize("other", ["photoprint-short", "photoprint-app", "nobody"])
def test_client_id_that_contradicts_the_header_is_refused(world: World, other: str) -> None:
    answer = send(world, urlencode(token_form(code=code_of(world), client_id=other)), FORM, PAIR)
    assert_refused(answer, 400, "invalid_request", "client_id_is_the_same_everywhere")


@pytest.mark.parametrize("secret", ["photoprint-secret", "something-else"])
def test_client_secret_is_in_no_answer_and_no_verdict(world: World, secret: str) -> None:
    answer = send(world, urlencode(token_form(code=code_of(world))), FORM, wire.basic("photoprint", secret))
    for held in (secret, "photoprint-secret"):
        assert held not in repr(answer.environ["tokenwalk.checks"])
        assert held.encode() not in answer.response.raw()


# How it is asked.


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded-not",
        "application/x-www-form-urlencoded, application/json",
    ],
)
def test_body_that_is_not_said_to_be_a_form_is_refused(world: World, content_type: str | None) -> None:
    code = code_of(world)
    kind = [] if content_type is None else [("Content-Type", content_type)]
    answer = send(world, urlencode(token_form(code=code)), *kind, PAIR)
    assert_refused(answer, 400, "invalid_request", "body_is_a_form")
    assert still_good(world, code)


def test_multipart_body_is_refused(world: World) -> None:
    code = code_of(world)
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    sent = "".join(part.format(*pair) for pair in token_form(code=code).items()) + "--x--\r\n"
    answer = send(world, sent, ("Content-Type", "multipart/form-data; boundary=x"), PAIR)
    assert_refused(answer, 400, "invalid_request", "body_is_a_form")
    assert still_good(world, code)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded;charset=UTF-8", "Application/X-WWW-Form-Urlencoded"]
)
def test_form_may_say_its_charset_and_be_written_in_capitals(world: World, kind: str) -> None:
    answer = send(world, urlencode(token_form(code=code_of(world))), ("Content-Type", kind), PAIR)
    assert answer.response.status == 200


@pytest.mark.parametrize(
    "raw",
    [b"x=%ff", b"x=\xff", b"x=\xc3\xa9", b"%ff=x", b"x=%00", b"x=%0d%0a", b"x=\x07", b"x=%ed%a0%80", b"%1b=1"],
)
def test_parameters_that_are_no_text_are_refused(world: World, raw: bytes) -> None:
    code = code_of(world)
    answer = send(world, urlencode(token_form(code=code)).encode() + b"&" + raw, FORM, PAIR)
    assert_refused(answer, 400, "invalid_request", "parameters_are_text")
    assert still_good(world, code)


@pytest.mark.parametrize(
    "again",
    [
        "code=other",
        "grant_type=authorization_code",
        "grant_type=password",
        "redirect_uri=http://evil.example/",
        "code_verifier=x",
        "unknown=1&unknown=1",
        "c%6fde=other",
    ],
)
def test_repeated_parameter_is_refused(world: World, again: str) -> None:
    code = code_of(world)
    for sent in (urlencode(token_form(code=code)) + "&" + again, again + "&" + urlencode(token_form(code=code))):
        assert_refused(send(world, sent, FORM, PAIR), 400, "invalid_request", "no_parameter_is_repeated")
    assert still_good(world, code)


@pytest.mark.parametrize("again", ["code=", "code", "code=&code=&unknown=&unknown=", "client_id=&client_secret="])
def test_parameter_without_a_value_is_as_if_it_were_not_sent_and_so_no_repeat(world: World, again: str) -> None:
    for before, after in ((f"{again}&", ""), ("", f"&{again}")):
        sent = f"{before}{urlencode(token_form(code=code_of(world)))}{after}"
        assert send(world, sent, FORM, PAIR).response.status == 200


@pytest.mark.parametrize("query", ["?foo=1", "?foo=1&foo=1", "?%ff", "?", "?Code=x", "?resource=x"])
def test_what_this_endpoint_does_not_know_is_ignored_in_the_address_too(world: World, query: str) -> None:
    answer = send(world, urlencode(token_form(code=code_of(world))), FORM, PAIR, query=query)
    assert (answer.response.status, refused_by(answer)) == (200, None)


@pytest.mark.parametrize(
    "query",
    [
        "?client_id=photoprint",
        "?client_secret=photoprint-secret",
        "?client%5fsecret=x",
        "?grant_type=authorization_code",
        "?foo=1&password=wonderland",
        "?code=",
        "?code_verifier=%ff",
        "?refresh_token=x&token=x",
    ],
)
def test_parameters_in_the_address_are_refused(world: World, query: str) -> None:
    code = code_of(world)
    answer = send(world, urlencode(token_form(code=code)), FORM, PAIR, query=query)
    assert_refused(answer, 400, "invalid_request", "nothing_comes_in_the_address")
    assert still_good(world, code)


def test_form_in_the_address_is_not_read(world: World) -> None:
    answer = send(world, "", FORM, PAIR, query="?" + urlencode(token_form(code=code_of(world))))
    assert_refused(answer, 400, "invalid_request", "nothing_comes_in_the_address")


@pytest.mark.parametrize("grant_type", [None, ""])
def test_missing_grant_type_is_an_invalid_request(world: World, grant_type: str | None) -> None:
    answer = send(world, urlencode(token_form(code="x", grant_type=grant_type)), FORM, PAIR)
    assert_refused(answer, 400, "invalid_request", "grant_type_is_there")


@pytest.mark.parametrize(
    "grant_type", ["implicit", "token", "urn:ietf:params:oauth:grant-type:device_code", "Authorization_Code", "☂"]
)
def test_unknown_grant_type_is_unsupported(world: World, grant_type: str) -> None:
    answer = send(world, urlencode(token_form(code="x", grant_type=grant_type)), FORM, PAIR)
    assert_refused(answer, 400, "unsupported_grant_type", "grant_type_is_supported")


def test_unknown_parameters_are_ignored(world: World) -> None:
    answer = send(world, urlencode(token_form(code=code_of(world), resource="x", foo="é")), FORM, PAIR)
    assert answer.response.status == 200


def test_body_that_is_too_large_is_refused(world: World) -> None:
    answer = send(world, "x=" + "a" * 1_000_000, FORM, PAIR)
    assert answer.response.status == 413
    assert headers(answer, "Cache-Control") == ["no-store"]


# What is traded.


@pytest.mark.parametrize("code", [None, ""])
def test_missing_code_is_an_invalid_request(world: World, code: str | None) -> None:
    answer = send(world, urlencode(token_form(code=code)), FORM, PAIR)
    assert_refused(answer, 400, "invalid_request", "code_is_there")


@pytest.mark.parametrize("code", ["never-issued", " ", "' OR '1'='1", "☂", "x" * 60_000], ids=range(5))
def test_unknown_code_is_refused(world: World, code: str) -> None:
    assert_refused(redeem(world, code), 400, "invalid_grant", "code_is_known")


def test_code_with_a_changed_letter_case_is_unknown(world: World) -> None:
    assert_refused(redeem(world, code_of(world).swapcase()), 400, "invalid_grant", "code_is_known")


def test_code_of_another_client_is_refused_and_stays_good(world: World) -> None:
    code = code_of(world)
    for thief in ("photoprint-short", "photoprint-app"):
        answer = redeem(world, code, thief, redirect_uri=CALLBACK)
        assert_refused(answer, 400, "invalid_grant", "code_was_issued_to_this_client")
    assert still_good(world, code)


def test_code_of_another_realm_is_unknown(world: World, timed: World) -> None:
    code = code_of(world)
    assert_refused(redeem(timed, code), 400, "invalid_grant", "code_is_known")
    assert still_good(world, code)


@pytest.mark.parametrize(
    "verifier",
    [None, "", "wrong", VERIFIER[:-1], VERIFIER + "A", VERIFIER.lower(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
    ids=["missing", "empty", "wrong", "shorter", "longer", "lower case", "the challenge itself"],
)
def test_stolen_code_without_its_code_verifier_is_refused(world: World, verifier: str | None) -> None:
    code = code_of(world)
    answer = redeem(world, code, code_verifier=verifier)
    assert_refused(answer, 400, "invalid_grant", "code_verifier_matches")
    assert still_good(world, code)


def test_stolen_code_of_a_public_client_is_worth_nothing_without_its_code_verifier(world: World) -> None:
    code = code_of(world, "photoprint-app")
    answer = redeem(world, code, "photoprint-app", code_verifier="guessed")
    assert_refused(answer, 400, "invalid_grant", "code_verifier_matches")
    assert redeem(world, code, "photoprint-app").response.status == 200


def test_code_verifier_for_a_code_without_challenge_is_refused(world: World) -> None:
    """PKCE downgrade (RFC 9700 §4.8.2): the challenge was taken out of the question on its way."""
    code = code_of(world, code_challenge=None, code_challenge_method=None)
    assert_refused(redeem(world, code), 400, "invalid_grant", "code_verifier_matches")
    assert redeem(world, code, code_verifier=None).response.status == 200


@pytest.mark.parametrize(
    "uri",
    [None, "", CALLBACK + "/", "http://localhost:8765/client/sandbox/callback", "http://evil.example/"],
    ids=["missing", "empty", "slash", "another of its own", "of a stranger"],
)
def test_redirect_uri_that_is_not_the_one_of_the_question_is_refused(world: World, uri: str | None) -> None:
    code = code_of(world)
    assert_refused(redeem(world, code, redirect_uri=uri), 400, "invalid_grant", "redirect_uri_is_the_same")
    assert still_good(world, code)


def test_redirect_uri_that_the_question_left_out_may_be_the_one_that_is_registered(world: World) -> None:
    """It had to be that one: a client with two has to name it (RFC 6749 §3.1.2.3)."""
    registered = "http://127.0.0.1/callback"
    sent = ["http://evil.example/", f"{registered}/", "http://127.0.0.1:5555/callback", registered]
    code = code_of(world, "photoprint-app", redirect_uri=None)
    for uri in sent[:-1]:
        answer = redeem(world, code, "photoprint-app", redirect_uri=uri)
        assert_refused(answer, 400, "invalid_grant", "redirect_uri_is_the_same")
    assert redeem(world, code, "photoprint-app", redirect_uri=registered).response.status == 200


def test_redirect_uri_that_the_question_named_may_not_be_left_out_by_a_client_with_one(world: World) -> None:
    code = code_of(world, "photoprint-app")
    for uri in (None, "http://127.0.0.1/callback"):
        answer = redeem(world, code, "photoprint-app", redirect_uri=uri)
        assert_refused(answer, 400, "invalid_grant", "redirect_uri_is_the_same")


def test_native_client_must_redeem_with_the_port_it_asked_with(world: World) -> None:
    code = code_of(world, "photoprint-app")
    answer = redeem(world, code, "photoprint-app", redirect_uri="http://127.0.0.1:6666/callback")
    assert_refused(answer, 400, "invalid_grant", "redirect_uri_is_the_same")


@pytest.mark.parametrize(("client_id", "lifetime"), [("photoprint", 60), ("photoprint-short", 2)])
def test_code_lives_as_long_as_its_client_was_promised(timed: World, client_id: str, lifetime: int) -> None:
    in_time, late = code_of(timed, client_id), code_of(timed, client_id)
    timed.set_clock(NOON + lifetime - 1)
    assert redeem(timed, in_time, client_id).response.status == 200
    timed.set_clock(NOON + lifetime)
    assert_refused(redeem(timed, late, client_id), 400, "invalid_grant", "code_has_not_expired")


# A code that comes twice.


def test_code_used_twice_by_its_client_revokes_what_it_gave(world: World) -> None:
    code = code_of(world)
    token = body(redeem(world, code))["access_token"]
    assert fetch(world, token).response.status == 200
    assert_refused(redeem(world, code), 400, "invalid_grant", "spend_code")
    refused = fetch(world, token)
    assert (refused.response.status, refused_by(refused)) == (401, "grant_is_not_revoked")
    assert headers(refused, "WWW-Authenticate") == ['Bearer realm="Snapbox photos", error="invalid_token"']
    assert_refused(redeem(world, code), 400, "invalid_grant", "spend_code")


def test_revocation_spares_every_other_grant(world: World) -> None:
    other = body(redeem(world, code_of(world)))["access_token"]
    code = code_of(world)
    redeem(world, code)
    redeem(world, code)
    assert fetch(world, other).response.status == 200


def test_code_used_twice_after_its_time_revokes_too(timed: World) -> None:
    code = code_of(timed)
    token = body(redeem(timed, code))["access_token"]
    timed.set_clock(NOON + 61)
    assert_refused(redeem(timed, code), 400, "invalid_grant", "code_has_not_expired")
    assert refused_by(fetch(timed, token)) == "grant_is_not_revoked"


def test_code_that_ran_out_unused_revokes_nothing(timed: World) -> None:
    code = code_of(timed)
    timed.set_clock(NOON + 60)
    redeem(timed, code)
    redeem(timed, code)
    assert timed.revoked() == 0


@pytest.mark.parametrize(
    ("client_id", "changes", "check"),
    [
        ("photoprint-short", {}, "code_was_issued_to_this_client"),
        ("photoprint-app", {"redirect_uri": CALLBACK}, "code_was_issued_to_this_client"),
        ("photoprint", {"code_verifier": "wrong"}, "code_verifier_matches"),
        ("photoprint", {"code_verifier": None}, "code_verifier_matches"),
        ("photoprint", {"redirect_uri": None}, "redirect_uri_is_the_same"),
    ],
    ids=["another client", "a public client", "wrong verifier", "no verifier", "no redirect_uri"],
)
@pytest.mark.parametrize("later", [0, 61], ids=["in time", "after its time"])
def test_spent_code_shown_by_anybody_else_revokes_nothing(
    timed: World, client_id: str, changes: dict[str, str | None], check: str, later: int
) -> None:
    code = code_of(timed)
    token = body(redeem(timed, code))["access_token"]
    timed.set_clock(NOON + later)
    assert_refused(redeem(timed, code, client_id, **changes), 400, "invalid_grant", check)
    assert fetch(timed, token).response.status == 200
    assert timed.revoked() == 0


def test_client_that_fails_to_authenticate_revokes_nothing(world: World) -> None:
    code = code_of(world)
    token = body(redeem(world, code))["access_token"]
    send(world, urlencode(token_form(code=code)), FORM, wire.basic("photoprint", "wrong"))
    assert fetch(world, token).response.status == 200


# The answer.


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_access_token_is_what_rfc_9068_says(entry: Entry, alg: str) -> None:
    world = timed_world(entry, alg)
    answer = redeem(world, code_of(world, scope="photos.read photos.write"))
    assert answer.response.status == 200
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert headers(answer, "Pragma") == ["no-cache"]
    assert headers(answer, "Content-Type") == ["application/json"]
    said = body(answer)
    token = said.pop("access_token")
    assert len(said.pop("refresh_token")) == 43
    assert said == {"token_type": "Bearer", "expires_in": 300, "scope": "photos.read photos.write"}
    key = world.realm.signing_keys[0]
    parts = jws.read(token)
    assert parts.header == {"alg": alg, "typ": "at+jwt", "kid": key.kid}
    jti = parts.payload.pop("jti")
    assert len(jti) == 43
    assert parts.payload == {
        "iss": world.issuer,
        "sub": "alice",
        "aud": f"http://localhost:8765/api/{world.name}",
        "client_id": "photoprint",
        "scope": "photos.read photos.write",
        "iat": NOON,
        "nbf": NOON,
        "exp": NOON + 300,
    }
    assert jws.signature_verifies(token, key.key, alg)
    assert fetch(world, token).response.status == 200


def test_no_two_tokens_share_a_jti(world: World) -> None:
    tokens = [body(redeem(world, code_of(world)))["access_token"] for _ in range(3)]
    assert len({jws.read(token).payload["jti"] for token in tokens}) == 3


def test_hurried_clients_token_lives_four_seconds(timed: World) -> None:
    answer = redeem(timed, code_of(timed, "photoprint-short"), "photoprint-short")
    assert body(answer)["expires_in"] == 4
    timed.set_clock(NOON + 3)
    assert fetch(timed, body(answer)["access_token"]).response.status == 200
    timed.set_clock(NOON + 4)
    assert refused_by(fetch(timed, body(answer)["access_token"])) == "token_has_not_expired"


def test_published_key_is_the_one_that_signs_and_holds_nothing_private(world: World) -> None:
    answer = world.send(wire.get(f"{world.issuer}/jwks"))
    (key,) = body(answer)["keys"]
    assert key["kid"] == jws.read(signed(world)).header["kid"]
    assert (key["alg"], key["use"]) == ("ES256", "sig")
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)


# Scripts of other origins.

OPEN = {
    "token": ("/auth/sandbox/token", "POST"),
    "jwks": ("/auth/sandbox/jwks", "GET"),
    "metadata": ("/.well-known/oauth-authorization-server/auth/sandbox", "GET"),
}


@pytest.mark.parametrize("at", OPEN)
def test_preflight_is_answered_for_any_origin(world: World, at: str) -> None:
    path, method = OPEN[at]
    asked = (("Origin", "http://app.example"), ("Access-Control-Request-Method", method))
    answer = world.send(wire.Request("OPTIONS", path, (("Host", "localhost:8765"), *asked)))
    assert answer.response.status == 204
    assert headers(answer, "Access-Control-Allow-Origin") == ["*"]
    assert headers(answer, "Access-Control-Allow-Methods") == [method]
    assert headers(answer, "Access-Control-Allow-Headers") == ["Authorization, Content-Type"]
    assert headers(answer, "Access-Control-Allow-Credentials") == []


@pytest.mark.parametrize("at", OPEN)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_wrong_method_is_405_and_names_the_right_one(world: World, at: str, method: str) -> None:
    path, right = OPEN[at]
    answer = world.send(wire.Request(method, path, (("Host", "localhost:8765"), ("Content-Length", "0"))))
    assert headers(answer, "Access-Control-Allow-Origin") == ["*"]
    if method == right:
        assert answer.response.status != 405
    else:
        assert answer.response.status == 405
        (allow,) = headers(answer, "Allow")
        assert right in allow.split(", ")
        assert method not in allow.split(", ")
