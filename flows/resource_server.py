"""The photos API: what it asks of a bearer token before it shows or takes a photo (RFC 6750, RFC 9068 §4)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

from flask import Flask, Response, jsonify, make_response, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from flows.asked import Asked
from flows.checks import Finding, Refusal, check, decide, expect, failed, passed
from flows.party import make_party
from flows.realm import Fresh, SigningKey
from flows.store import access_tokens, families, photos
from flows.story import ALICES_PHOTOS
from flows.tokens import jws

LONGEST_TITLE = 200


class PhotosAsk(Asked):
    """A request to the API; `needed` is the scope that it takes."""

    def __init__(self, needed: str) -> None:
        super().__init__(request)
        self.needed = needed

    @cached_property
    def token(self) -> str:
        return self.request.headers.get("Authorization", "").partition(" ")[2].strip()

    @cached_property
    def parts(self) -> jws.Parts | None:
        try:
            return jws.read(self.token)
        except jws.NotAJWT:
            return None

    @cached_property
    def claims(self) -> dict[str, Any]:
        return self.parts.payload if self.parts else {}

    @cached_property
    def key(self) -> SigningKey | None:
        """The realm's key that the token's `kid` names. The API reads it from the realm, not over HTTP."""
        kid = self.parts.header.get("kid") if self.parts else None
        return next((each for each in self.realm.signing_keys if each.kid == kid), None)

    @cached_property
    def revoked(self) -> bool:
        """Whether the grant that gave this token has been revoked, in the list that Snapbox's two servers share."""
        its_family = (families.c.realm == access_tokens.c.realm) & (families.c.id == access_tokens.c.family)
        found = (
            select(families.c.id)
            .join(access_tokens, its_family)
            .where(access_tokens.c.realm == self.realm.name, access_tokens.c.jti == str(self.claims.get("jti")))
            .where(families.c.revoked_at.is_not(None))
        )
        with self.realm.store.reading() as connection:
            return connection.scalar(found) is not None


@check("", "a request without a bearer token", rfc="6750#section-3.1", status=401, of="access_token")
def token_came(ask: PhotosAsk) -> Finding:
    """Without a token the API cannot know what the caller may do. It says that one is needed; there is no error yet."""
    sent = ask.request.headers.get("Authorization")
    if sent is None:
        return failed(expected="an Authorization header", got="none")
    scheme = sent.partition(" ")[0]
    if scheme.lower() != "bearer":
        return failed(expected="the scheme Bearer", got=scheme)
    return passed()


@check(
    "invalid_request", "a token that comes in more than one way, or not at all", rfc="6750#section-2", of="access_token"
)
def token_comes_one_way(ask: PhotosAsk) -> Finding:
    """This API takes a token in the header only. In an address it would be written to logs and histories."""
    if "access_token" in ask.query:
        return failed(expected="a token in the header only", got="an access_token in the address too")
    if "," in ask.token or not ask.token:
        return failed(expected="one token after Bearer", got="none" if not ask.token else "more than one")
    return passed()


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
    exp, now = ask.claims.get("exp"), ask.realm.now()
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
    """A token may be made for later. Before that it is not good yet."""
    nbf, now = ask.claims.get("nbf"), ask.realm.now()
    if nbf is None:
        return passed("It names no beginning.")
    if not _is_time(nbf):
        return failed(expected="nbf, a number of seconds since 1970", got=_text(nbf) or "nothing")
    return passed() if nbf <= now else failed(expected=f"a time up to {now}", got=f"nbf {nbf}, in {nbf - now:g} s")


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
    """The token is good, but for what? Alice approved these scopes and no others."""
    scope = _text(ask.claims.get("scope")) or ""
    if ask.needed in scope.split(" "):
        return passed(f"{ask.needed} is among what Alice approved.")
    return failed(expected=ask.needed, got=scope or "no scope")


USE_TOKEN = [
    token_came,
    token_comes_one_way,
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
    scope_allows,
]


@check("invalid_request", "a photo without a title", rfc="6749#section-7")
def photo_has_a_title(ask: PhotosAsk) -> Finding:
    """The token allows it; what is asked must still make sense."""
    try:
        sent = ask.request.get_json()
    except (HTTPException, RecursionError):
        sent = None
    title = sent.get("title") if isinstance(sent, dict) else None
    if not isinstance(title, str) or not 0 < len(title) <= LONGEST_TITLE or not title.isprintable():
        return failed(expected=f'JSON like {{"title": "..."}}, up to {LONGEST_TITLE} letters', got="something else")
    return passed()


def make_app(templates: Path) -> Flask:
    """GET /photos for photos.read, POST /photos for photos.write."""
    app = make_party(__name__, templates)

    @app.get("/photos")
    def show_photos() -> Response:
        ask = PhotosAsk("photos.read")
        if refused := decide(USE_TOKEN, ask):
            return _refuse(ask, refused)
        return _answer(200, {"photos": _photos_of(ask)})

    @app.post("/photos")
    def add_photo() -> Response:
        ask = PhotosAsk("photos.write")
        if refused := decide([*USE_TOKEN, photo_has_a_title], ask):
            return _refuse(ask, refused)
        row = {"id": Fresh(ask.realm, ask.environ)("photo")[:12], "title": ask.request.get_json()["title"]}
        row["taken"] = datetime.fromtimestamp(ask.realm.now(), UTC).date().isoformat()
        with ask.realm.store.transaction() as connection:
            connection.execute(photos.insert().values(realm=ask.realm.name, owner=ask.claims["sub"], **row))
        return _answer(201, row)

    return app


def _photos_of(ask: PhotosAsk) -> list[dict[str, str]]:
    kept = [{"id": each.id, "title": each.title, "taken": each.taken, "image": each.image} for each in ALICES_PHOTOS]
    found = select(photos).where(photos.c.realm == ask.realm.name, photos.c.owner == str(ask.claims.get("sub")))
    with ask.realm.store.reading() as connection:
        added = connection.execute(found.order_by(photos.c.id)).all()
    return [*kept, *({"id": row.id, "title": row.title, "taken": row.taken} for row in added)]


def _refuse(ask: PhotosAsk, refused: Refusal) -> Response:
    """The error of RFC 6750 §3.1 in WWW-Authenticate, and in JSON for people; no error where no token came."""
    error, status = refused.check.error, refused.check.status
    answer = _answer(status, {"error": error} if error else {})
    if refused.check is photo_has_a_title:
        return answer
    challenge = ['Bearer realm="Snapbox photos"']
    if error:
        challenge.append(f'error="{error}"')
    if refused.check is scope_allows:
        challenge.append(f'scope="{ask.needed}"')
    answer.headers["WWW-Authenticate"] = ", ".join(challenge)
    return answer


def _answer(status: int, body: dict[str, Any]) -> Response:
    answer = make_response(jsonify(body), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _text(value: object) -> str | None:
    return None if value is None else str(value)
