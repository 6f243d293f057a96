"""What the photos API holds a bearer token to, before it shows or takes a photo (RFC 6750, RFC 9068 §4)."""

from __future__ import annotations

import json
import sys
from typing import TypeGuard

from flows.checks import Finding, check, expect, failed, passed
from flows.resource_server.asks import PhotosAsk
from flows.story import Person
from flows.tokens import jws

LEEWAY = 60  # seconds that a token may be early, since clocks differ


@check("invalid_request", "an address or a form that is no text", rfc="6750#section-3.1")
def request_is_text(ask: PhotosAsk) -> Finding:
    """Bytes that are no text could hide a second token from one reader and show it to another."""
    return passed() if ask.is_text else failed(expected="UTF-8, percent-encoded", got="bytes that are not UTF-8")


@check("", "a request without a bearer token", rfc="6750#section-3.1", status=401, of="access_token")
def token_came(ask: PhotosAsk) -> Finding:
    """Without a token the API cannot know what the caller may do. It says that one is needed; there is no error yet."""
    sent = ask.request.headers.get("Authorization")
    if ask.tokens:
        return passed(f"In {' and in '.join(ask.places)}.")
    if sent is None:
        return failed(expected="an Authorization header", got="none")
    return failed(expected="the scheme Bearer", got=sent.partition(" ")[0])


@check("invalid_request", "a token that comes in more than one way", rfc="6750#section-2", of="access_token")
def token_comes_one_way(ask: PhotosAsk) -> Finding:
    """Two tokens could mean two callers, and guessing which would be worse than saying no."""
    if len(ask.tokens) > 1:
        return failed(expected="one token, in one place", got=f"one in {' and one in '.join(ask.places)}")
    if "," in ask.token or not ask.token:
        return failed(expected="one token", got="none" if not ask.token else "more than one")
    return passed()


@check(
    "invalid_request",
    "a token that is not in the header",
    rfc="9700#section-4.3.2",
    defence=True,
    of="access_token",
)
def token_comes_in_the_header(ask: PhotosAsk) -> Finding:
    """In an address a token is written to logs and histories. In a form it is kept out of those, but only a POST has a
    form. The header is the one place in which every API has to take it, and the only one that an API needs."""
    where = ask.places[0]
    if where == "the header":
        return passed("In the header.")
    return failed(expected="a token in the header", got=f"one in {where}")


@check("invalid_token", "a token that is no JWT", rfc="7519#section-7.2", status=401, of="access_token")
def token_is_a_jwt(ask: PhotosAsk) -> Finding:
    """Three parts of base64url, the first two of them JSON objects: otherwise there is nothing to check."""
    try:
        jws.read(ask.token)
    except jws.NotAJWT as error:
        return failed(expected="header.payload.signature", got=str(error))
    return passed("Header, payload, signature.")


@check(
    "invalid_token", "a JWT that is no access token", rfc="9068#section-4", status=401, defence=True, of="access_token"
)
def typ_is_at_jwt(ask: PhotosAsk) -> Finding:
    """A server signs other tokens with the same key. `typ` says that this is an access token, not an ID token."""
    assert ask.parts
    typ = ask.parts.header.get("typ")
    if isinstance(typ, str) and typ.lower() in ("at+jwt", "application/at+jwt"):
        return passed(typ)
    return failed(expected="at+jwt", got=str(typ))


@check(
    "invalid_token",
    "a key or an algorithm that is not the server’s",
    rfc="8725#section-3.1",
    status=401,
    of="access_token kid",
)
def key_and_algorithm_are_the_issuers(ask: PhotosAsk) -> Finding:
    """The token names a key and an algorithm, but a forger writes the header. Both must be ones that this API trusts
    already."""
    assert ask.parts
    alg = str(ask.parts.header.get("alg"))
    if ask.key is None:
        kids = ", ".join(each.kid for each in ask.realm.signing_keys)
        return failed(expected=f"kid {kids}", got=f"kid {ask.parts.header.get('kid')}")
    return expect(ask.key.alg, alg, f"{ask.key.kid}, {ask.key.alg}.")


@check("invalid_token", "a signature that does not fit", rfc="7515#section-5.2", status=401, of="access_token kid")
def signature_verifies(ask: PhotosAsk) -> Finding:
    """Only the authorization server has the private key. If the signature fits, nobody has changed a character
    since."""
    assert ask.key
    if jws.signature_verifies(ask.token, ask.key.key, ask.key.alg):
        return passed(f"With key {ask.key.kid}.")
    return failed(expected=f"a signature that key {ask.key.kid} verifies", got="one that it does not")


@check("invalid_token", "a token that lacks a claim", rfc="9068#section-2.2", status=401, of="access_token jti")
def claims_are_there(ask: PhotosAsk) -> Finding:
    """A token says whose photos these are, which client may see them, when it was made, and its own number."""
    lacking = [name for name in ("sub", "client_id", "jti") if not isinstance(ask.claims.get(name), str)]
    if not _is_time(ask.claims.get("iat")):
        lacking.append("iat")
    return failed(expected="sub, client_id, iat and jti", got=f"no good {', '.join(lacking)}") if lacking else passed()


@check(
    "invalid_token", "a token of another server", rfc="9068#section-4", status=401, defence=True, of="access_token iss"
)
def issuer_is_the_one_trusted(ask: PhotosAsk) -> Finding:
    """This API trusts one authorization server. A good signature by somebody else is still somebody else’s."""
    return expect(ask.realm.issuer, _text(ask.claims.get("iss")), "Snapbox’s own.", nothing="no iss")


@check(
    "invalid_token",
    "a token that is meant for somebody else",
    rfc="9068#section-4",
    status=401,
    defence=True,
    of="access_token",
)
def audience_is_me(ask: PhotosAsk) -> Finding:
    """A token for another API must not work here, or every API could use its callers’ tokens at every other."""
    aud = ask.claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if ask.realm.audience in named:
        return passed("This API.")
    return failed(expected=ask.realm.audience, got=_text(aud) or "no aud")


@check(
    "invalid_token", "a token that has expired", rfc="7519#section-4.1.4", status=401, defence=True, of="access_token"
)
def token_has_not_expired(ask: PhotosAsk) -> Finding:
    """Whoever finds the token can use it, so it must not work for long."""
    exp, now = ask.claims.get("exp"), ask.now
    if not _is_time(exp):
        return failed(expected="exp, a number of seconds since 1970", got=_text(exp) or "no exp")
    if now >= exp:
        return failed(expected=f"a time after {now}", got=f"exp {exp}, {now - exp:g} s ago")
    return passed(f"Good for {exp - now:g} s more.")


@check(
    "invalid_token",
    "a token that is not valid yet",
    rfc="7519#section-4.1.5",
    status=401,
    defence=True,
    of="access_token",
)
def token_is_valid_already(ask: PhotosAsk) -> Finding:
    """A token may be made for later. Clocks differ a little, and to be a minute early harms nobody; to be a minute late
    would."""
    nbf, now = ask.claims.get("nbf"), ask.now
    if nbf is None:
        return passed("It names no beginning.")
    if not _is_time(nbf):
        return failed(expected="nbf, a number of seconds since 1970", got=_text(nbf) or "nothing")
    if now < nbf - LEEWAY:
        return failed(expected=f"a time up to {now}, or {LEEWAY} s more", got=f"nbf {nbf}, in {nbf - now:g} s")
    return passed(f"In {nbf - now:g} s, within the {LEEWAY} s that clocks may differ." if now < nbf else "")


@check(
    "invalid_token",
    "a token that was taken back",
    rfc="6750#section-3.1",
    status=401,
    defence=True,
    of="access_token jti",
)
def grant_is_not_revoked(ask: PhotosAsk) -> Finding:
    """A signature stays good when a grant is taken back. Snapbox’s two servers share a list of those that were."""
    if ask.revoked:
        return failed(expected="a grant that still stands", got="one that was revoked")
    return passed("It still stands.")


@check(
    "insufficient_scope",
    "a token that does not allow this",
    rfc="6750#section-3.1",
    status=403,
    defence=True,
    of="access_token",
)
def scope_allows(ask: PhotosAsk) -> Finding:
    """The token is good, but for what? Whoever granted it named these scopes, and no others."""
    scope = _text(ask.claims.get("scope")) or ""
    if ask.needed in scope.split(" "):
        return passed(f"{ask.needed} is among what was granted.")
    return failed(expected=ask.needed, got=scope or "no scope")


@check("", "a person who may not do this", rfc="6749#section-7", status=403, of="access_token")
def person_may_do_this(ask: PhotosAsk) -> Finding:
    """A scope is what a person lets a client do. It cannot be more than that person may do."""
    if ask.person is None:
        return passed("A program that acts for itself.")
    if ask.needed in ask.person.may:
        return passed(f"{ask.person.name} may.")
    return failed(expected=f"an account that may {ask.needed}", got=f"{ask.person.name}, who may {_listed(ask.person)}")


@check("invalid_token", "a token that is not active", rfc="7662#section-2.2", status=401, of="access_token")
def authorization_server_says_active(ask: PhotosAsk) -> Finding:
    """The token says nothing by itself, so the API has asked the server that gave it. That answer is as fresh as can
    be."""
    if ask.introspection.get("active") is not True:
        return failed(expected="active: true", got=f"active: {json.dumps(ask.introspection.get('active'))}")
    return passed("Asked just now: it is active.")


HOW_IT_CAME = [request_is_text, token_came, token_comes_one_way, token_comes_in_the_header]
WHAT_IT_ALLOWS = [scope_allows, person_may_do_this]

USE_TOKEN = [
    *HOW_IT_CAME,
    token_is_a_jwt,
    typ_is_at_jwt,
    key_and_algorithm_are_the_issuers,
    signature_verifies,
    claims_are_there,
    issuer_is_the_one_trusted,
    audience_is_me,
    token_has_not_expired,
    token_is_valid_already,
    grant_is_not_revoked,
    *WHAT_IT_ALLOWS,
]

USE_OPAQUE_TOKEN = [
    *HOW_IT_CAME,
    authorization_server_says_active,
    issuer_is_the_one_trusted,
    audience_is_me,
    token_has_not_expired,
    *WHAT_IT_ALLOWS,
]


def _listed(person: Person) -> str:
    return " and ".join(person.may)


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _text(value: object) -> str | None:
    return None if value is None else str(value)
