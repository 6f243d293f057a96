"""The photos API, attacked with tokens that are right but for one thing, and with requests that carry none."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode

import jwt
import pytest
from parties import (
    FORM,
    NOON,
    World,
    body,
    fetch,
    headers,
    refused_by,
    signed,
    timed_world,
    token_of,
)

from flows import wire
from flows.entry import Entry
from flows.story import ALICES_PHOTOS
from flows.tokens import jws, keys

REALM = 'Bearer realm="Snapbox photos"'
INVALID = [f'{REALM}, error="invalid_token"']
HERE = "http://localhost:8765/api/timed"


@pytest.fixture
def world(entry: Entry) -> World:
    return timed_world(entry)


def get(world: World, *more: tuple[str, str], query: str = "") -> wire.Answered:
    return world.send(wire.get(world.photos + query, *more))


def add(world: World, token: str, sent: str | bytes, kind: str = "application/json") -> wire.Answered:
    content = sent if isinstance(sent, bytes) else sent.encode()
    asked = wire.get(world.photos, wire.bearer(token), ("Content-Type", kind), ("Content-Length", str(len(content))))
    return world.send(wire.Request("POST", asked.target, asked.headers, content))


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def assert_invalid(answer: wire.Answered, check: str) -> None:
    assert (answer.response.status, refused_by(answer)) == (401, check)
    assert headers(answer, "WWW-Authenticate") == INVALID
    assert body(answer) == {"error": "invalid_token"}
    assert headers(answer, "Cache-Control") == ["no-store"]


# No token.


@pytest.mark.parametrize("authorization", [None, "Basic YTpi", "bearer-token x", "DPoP abc", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_the_challenge_names_no_error(world: World, authorization: str | None, method: str) -> None:
    lines = (("Host", "localhost:8765"), ("Content-Length", "0"))
    more = () if authorization is None else (("Authorization", authorization),)
    answer = world.send(wire.Request(method, "/api/timed/photos", lines + more))
    assert (answer.response.status, refused_by(answer)) == (401, "token_came")
    assert headers(answer, "WWW-Authenticate") == [REALM]
    assert body(answer) == {}


def test_token_in_the_address_alone_is_an_invalid_request(world: World) -> None:
    answer = get(world, query=f"?access_token={signed(world)}")
    assert (answer.response.status, refused_by(answer)) == (400, "token_comes_in_the_header")
    assert headers(answer, "WWW-Authenticate") == [f'{REALM}, error="invalid_request"']


def test_token_in_a_form_alone_is_an_invalid_request(world: World) -> None:
    form = f"title=Tea&access_token={signed(world, scope='photos.write')}"
    lines = (("Host", "localhost:8765"), FORM, ("Content-Length", str(len(form))))
    answer = world.send(wire.Request("POST", "/api/timed/photos", lines, form.encode()))
    assert (answer.response.status, refused_by(answer)) == (400, "token_comes_in_the_header")
    assert headers(answer, "WWW-Authenticate") == [f'{REALM}, error="invalid_request"']


def test_token_in_header_and_address_is_an_invalid_request(world: World) -> None:
    token = signed(world)
    answer = get(world, wire.bearer(token), query=f"?access_token={token}")
    assert (answer.response.status, refused_by(answer)) == (400, "token_comes_one_way")
    assert headers(answer, "WWW-Authenticate") == [f'{REALM}, error="invalid_request"']


@pytest.mark.parametrize("shape", ["{0}, Bearer {0}", "{0},{0}", "", " ", ","], ids=["two", "comma", "", "space", ","])
def test_anything_but_one_token_is_an_invalid_request(world: World, shape: str) -> None:
    answer = get(world, ("Authorization", "Bearer " + shape.format(signed(world))))
    assert (answer.response.status, refused_by(answer)) == (400, "token_comes_one_way")


def test_two_authorization_headers_are_an_invalid_request(world: World) -> None:
    answer = get(world, wire.bearer(signed(world)), wire.bearer(signed(world)))
    assert (answer.response.status, refused_by(answer)) == (400, "token_comes_one_way")


# A token that is right.


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_token_that_is_right_shows_alices_photos(entry: Entry, alg: str) -> None:
    world = timed_world(entry, alg, "other")
    answer = fetch(world, signed(world))
    assert (answer.response.status, refused_by(answer)) == (200, None)
    assert [photo["title"] for photo in body(answer)["photos"]] == [photo.title for photo in ALICES_PHOTOS]
    assert headers(answer, "Cache-Control") == ["no-store"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_scheme_is_read_in_any_case(world: World, scheme: str) -> None:
    assert get(world, ("Authorization", f"{scheme} {signed(world)}")).response.status == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["http://other.example", HERE]},
        {"aud": [HERE]},
        {"exp": NOON + 1},
        {"exp": NOON + 0.5},
        {"exp": 1e300},
        {"nbf": NOON},
        {"nbf": NOON - 0.5},
        {"scope": "photos.write photos.read"},
        {"unknown": {"a": [1]}},
    ],
    ids=str,
)
def test_token_may_say_it_in_other_ways(world: World, claims: dict[str, object]) -> None:
    assert refused_by(fetch(world, signed(world, **claims))) is None


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_typ_is_a_media_type_in_any_case(world: World, typ: str) -> None:
    assert fetch(world, signed(world, typ=typ)).response.status == 200


# A token with one thing wrong.


@pytest.mark.parametrize("typ", ["JWT", "at-jwt", "at+jwt ", "logout+jwt", "", "application/application/at+jwt"])
def test_token_of_another_type_is_refused(world: World, typ: str) -> None:
    assert_invalid(fetch(world, signed(world, typ=typ)), "typ_is_at_jwt")


@pytest.mark.parametrize("typ", [None, 1, ["at+jwt"], {"a": "at+jwt"}, True], ids=str)
def test_type_that_is_no_text_is_refused(world: World, typ: object) -> None:
    _, payload, signature = signed(world).split(".")
    token = f"{part({'alg': 'ES256', 'typ': typ, 'kid': 'x'})}.{payload}.{signature}"
    assert_invalid(fetch(world, token), "typ_is_at_jwt")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "RS256", "ES384", "EdDSA", None, 1, ["ES256"]])
def test_token_that_names_another_algorithm_is_refused(world: World, alg: object) -> None:
    kid = world.realm.signing_keys[0].kid
    _, payload, signature = signed(world).split(".")
    header = part({"alg": alg, "typ": "at+jwt", "kid": kid})
    for token in (f"{header}.{payload}.{signature}", f"{header}.{payload}."):
        assert_invalid(fetch(world, token), "key_and_algorithm_are_the_issuers")


@pytest.mark.parametrize("form", ["PEM", "DER", "JWK"])
@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_hmac_with_the_public_key_as_its_secret_is_refused(entry: Entry, alg: str, form: str) -> None:
    world = timed_world(entry, alg, "confused")
    key = world.realm.signing_keys[0]
    secret = {
        "PEM": key.key.as_pem(private=False),
        "DER": key.key.as_der(private=False),
        "JWK": json.dumps(world.realm.jwks["keys"][0]).encode(),
    }[form]
    unsigned = part({"alg": "HS256", "typ": "at+jwt", "kid": key.kid}) + "." + signed(world).split(".")[1]
    token = unsigned + "." + part(hmac.digest(secret, unsigned.encode(), hashlib.sha256))
    assert_invalid(fetch(world, token), "key_and_algorithm_are_the_issuers")


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_another_key_under_the_same_name_is_refused(entry: Entry, alg: str) -> None:
    world = timed_world(entry, alg, "forged")
    payload = jws.read(signed(world)).payload
    token = jws.sign(payload, keys.make(alg), alg=alg, kid=world.realm.signing_keys[0].kid, typ="at+jwt")
    assert_invalid(fetch(world, token), "signature_verifies")


def test_key_that_the_token_brings_along_is_not_believed(world: World) -> None:
    mine = keys.make("ES256")
    key = world.realm.signing_keys[0]
    more = {"typ": "at+jwt", "kid": key.kid, "jwk": mine.as_dict(private=False), "jku": "http://evil.example/jwks"}
    payload = json.dumps(jws.read(signed(world)).payload).encode()
    token = jwt.PyJWS().encode(payload, mine.private_key, algorithm="ES256", headers=more)  # type: ignore[arg-type]
    assert_invalid(fetch(world, token), "signature_verifies")


@pytest.mark.parametrize("kid", ["unknown", "../../dev/null", "' OR 1=1 --", "☂"])
def test_unknown_key_is_refused(world: World, kid: str) -> None:
    assert_invalid(fetch(world, signed(world, kid=kid)), "key_and_algorithm_are_the_issuers")


def test_token_of_another_realm_is_refused(entry: Entry, world: World) -> None:
    assert_invalid(fetch(world, token_of(World(entry))), "key_and_algorithm_are_the_issuers")


def test_changed_payload_is_refused(world: World) -> None:
    header, payload, signature = signed(world).split(".")
    changed = part({**jws.read(f"{header}.{payload}.{signature}").payload, "scope": "photos.write"})
    assert_invalid(fetch(world, f"{header}.{changed}.{signature}"), "signature_verifies")


@pytest.mark.parametrize("signature", ["", "AA", "A" * 86, "A" * 85, "!!!!"])
def test_signature_that_is_none_is_refused(world: World, signature: str) -> None:
    token = signed(world).rpartition(".")[0] + "." + signature
    assert fetch(world, token).response.status == 401
    assert refused_by(fetch(world, token)) in ("signature_verifies", "token_is_a_jwt")


@pytest.mark.parametrize("more", ["=", "==", "!", "!!!!", "%", "AAAA"])
def test_token_with_more_letters_behind_it_is_refused(world: World, more: str) -> None:
    """RFC 7515 §2: base64url without padding, and without any other character."""
    answer = fetch(world, signed(world) + more)
    assert answer.response.status == 401
    assert headers(answer, "WWW-Authenticate") == INVALID


@pytest.mark.parametrize(
    "value", ["http://evil.example", "http://localhost:8765/auth/timed/", None, 1, [], {}], ids=str
)
def test_token_of_another_issuer_is_refused(world: World, value: object) -> None:
    assert_invalid(fetch(world, signed(world, iss=value)), "issuer_is_the_one_trusted")


def test_issuer_in_a_list_is_no_issuer(world: World) -> None:
    assert_invalid(fetch(world, signed(world, iss=[world.issuer])), "issuer_is_the_one_trusted")


@pytest.mark.parametrize(
    "value",
    ["http://localhost:8765/api/sandbox", HERE + "/photos", HERE + "/", "", None, 1, [], ["x"], [[HERE]], {HERE: 1}],
    ids=str,
)
def test_token_for_another_audience_is_refused(world: World, value: object) -> None:
    assert_invalid(fetch(world, signed(world, aud=value)), "audience_is_me")


@pytest.mark.parametrize(
    "value",
    [NOON, NOON - 1, 0, -1, None, str(NOON + 300), "never", True, [], {}, float("nan"), float("inf"), -float("inf")],
    ids=str,
)
def test_token_past_its_time_or_without_one_is_refused(world: World, value: object) -> None:
    assert_invalid(fetch(world, signed(world, exp=value)), "token_has_not_expired")


@pytest.mark.parametrize("digits", [400, 4000])
@pytest.mark.parametrize("claim", ["exp", "nbf"])
def test_time_too_large_for_a_float_is_refused(world: World, claim: str, digits: int) -> None:
    check = {"exp": "token_has_not_expired", "nbf": "token_is_valid_already"}[claim]
    assert_invalid(fetch(world, signed(world, **{claim: 10**digits})), check)


@pytest.mark.parametrize("value", [NOON + 61, str(NOON), True, [], float("nan"), float("inf")], ids=str)
def test_token_that_is_not_good_yet_is_refused(world: World, value: object) -> None:
    assert_invalid(fetch(world, signed(world, nbf=value)), "token_is_valid_already")


@pytest.mark.parametrize("value", [NOON + 60, NOON + 1, NOON + 0.5, NOON, 0])
def test_token_that_is_early_by_no_more_than_clocks_may_differ_is_taken(world: World, value: float) -> None:
    assert fetch(world, signed(world, nbf=value)).response.status == 200


@pytest.mark.parametrize("claim", ["iss", "aud", "exp"])
def test_token_without_a_claim_it_needs_is_refused(world: World, claim: str) -> None:
    check = {"iss": "issuer_is_the_one_trusted", "aud": "audience_is_me", "exp": "token_has_not_expired"}[claim]
    assert_invalid(fetch(world, signed(world, drop=claim)), check)


# Text that is no token.


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        "a.b",
        "a.b.c",
        "..",
        ".",
        "a.b.c.d.e",
        "bnVsbA.bnVsbA.",
        "W10.W10.",
        "InRleHQi.InRleHQi.",
        "\u00e9.\u00e9.\u00e9",
        "e30=.e30=.",
        "a" * 30_000,
        "." * 30_000,
    ],
    ids=range(13),
)
def test_text_that_is_no_jwt_is_refused(world: World, token: str) -> None:
    assert_invalid(fetch(world, token), "token_is_a_jwt")


@pytest.mark.parametrize(
    "bomb",
    [b"[" * 20_000, b'{"a":' * 5_000, b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'{"exp":' + b"9" * 9_000 + b"}"],
    ids=["open lists", "open objects", "closed lists", "a very long number"],
)
@pytest.mark.parametrize("place", [0, 1], ids=["header", "payload"])
def test_json_made_to_exhaust_a_parser_is_refused(world: World, bomb: bytes, place: int) -> None:
    pieces = signed(world).split(".")
    pieces[place] = part(bomb)
    answer = fetch(world, ".".join(pieces))
    assert answer.response.status == 401
    assert headers(answer, "WWW-Authenticate") == INVALID


@pytest.mark.parametrize("name", ["typ", "kid", "alg"])
def test_header_with_half_a_character_is_refused(world: World, name: str) -> None:
    header = json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": "x", name: "\ud800"}).encode()
    answer = fetch(world, ".".join([part(header), *signed(world).split(".")[1:]]))
    assert answer.response.status == 401
    assert headers(answer, "WWW-Authenticate") == INVALID


@pytest.mark.parametrize("value", ["\ud800", "\x00", "", "☂", 1, None, [], {}, ["a"]], ids=range(9))
@pytest.mark.parametrize("claim", ["jti", "sub", "scope", "client_id", "iss", "aud"])
def test_signed_claim_of_any_shape_never_breaks_the_api(world: World, claim: str, value: object) -> None:
    right = jws.read(signed(world, scope="photos.read photos.write")).payload
    key = world.realm.signing_keys[0]
    payload = json.dumps({**right, claim: value}).encode()
    more = {"typ": "at+jwt", "kid": key.kid}
    token = jwt.PyJWS().encode(payload, key.key.private_key, algorithm="ES256", headers=more)  # type: ignore[arg-type]
    assert fetch(world, token).response.status in (200, 401, 403)
    assert add(world, token, '{"title":"Tea"}').response.status in (201, 401, 403)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("claim", ["sub", "jti", "scope", "client_id"])
def test_signed_token_that_lacks_a_claim_never_breaks_the_api(world: World, claim: str, method: str) -> None:
    token = signed(world, scope="photos.read photos.write", drop=claim)
    answer = fetch(world, token) if method == "GET" else add(world, token, '{"title":"Tea"}')
    assert answer.response.status < 500


# Scope.


@pytest.mark.parametrize("scope", ["photos.read", "photos.writer", "xphotos.write", "", "photos.read,photos.write"])
def test_post_without_photos_write_is_insufficient_scope(world: World, scope: str) -> None:
    answer = add(world, signed(world, scope=scope), '{"title":"Tea"}')
    assert (answer.response.status, refused_by(answer)) == (403, "scope_allows")
    assert headers(answer, "WWW-Authenticate") == [f'{REALM}, error="insufficient_scope", scope="photos.write"']
    assert body(answer) == {"error": "insufficient_scope"}


def test_get_without_photos_read_is_insufficient_scope(world: World) -> None:
    answer = fetch(world, signed(world, scope="photos.write"))
    assert (answer.response.status, refused_by(answer)) == (403, "scope_allows")
    assert headers(answer, "WWW-Authenticate") == [f'{REALM}, error="insufficient_scope", scope="photos.read"']


def test_photo_that_was_added_is_among_the_photos_then(entry: Entry) -> None:
    world = World(entry)
    token = token_of(world, scope="photos.read photos.write")
    answer = add(world, token, '{"title":"Tea at six, ☂"}')
    assert answer.response.status == 201
    photos = body(fetch(world, token))["photos"]
    assert photos[-1] == body(answer)
    assert photos[-1]["title"] == "Tea at six, ☂"
    assert len(photos) == len(ALICES_PHOTOS) + 1


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "{",
        "null",
        "[]",
        '"Tea"',
        "{}",
        '{"title":""}',
        '{"title":1}',
        '{"title":null}',
        '{"title":"a\\u0000"}',
        '{"title":"a\\nb"}',
        '{"title":"\\ud800"}',
        '{"title":"' + "a" * 201 + '"}',
        "[" * 30_000,
        '{"title":' + "9" * 5_000 + "}",
        b"\xff\xfe",
        b'{"title":"\xff"}',
    ],
    ids=range(17),
)
def test_body_that_is_no_photo_is_an_invalid_request(world: World, sent: str | bytes) -> None:
    answer = add(world, signed(world, scope="photos.write"), sent)
    assert (answer.response.status, refused_by(answer)) == (400, "photo_has_a_title")
    assert body(answer) == {"error": "invalid_request"}
    assert headers(answer, "WWW-Authenticate") == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_body_of_another_type_is_an_invalid_request(world: World, content_type: str) -> None:
    answer = add(world, signed(world, scope="photos.write"), "title=Tea", content_type)
    assert (answer.response.status, refused_by(answer)) == (400, "photo_has_a_title")


def test_photo_can_be_added_by_a_form(world: World) -> None:
    answer = add(world, signed(world, scope="photos.write"), "title=Tea+for+two", "application/x-www-form-urlencoded")
    assert (answer.response.status, body(answer)["title"]) == (201, "Tea for two")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405(world: World, method: str) -> None:
    lines = (("Host", "localhost:8765"), wire.bearer(signed(world)), ("Content-Length", "0"))
    answer = world.send(wire.Request(method, "/api/timed/photos", lines))
    assert answer.response.status == 405
    (allow,) = headers(answer, "Allow")
    assert set(allow.split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_is_get_without_the_body(world: World) -> None:
    for token, status in ((signed(world), 200), ("garbage", 401)):
        asked = wire.get(world.photos, wire.bearer(token))
        answer = world.send(wire.Request("HEAD", asked.target, asked.headers))
        assert (answer.response.status, answer.response.body) == (status, b"")
