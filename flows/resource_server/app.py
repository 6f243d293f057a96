"""The photos API as a Flask application: GET and POST /photos, and the errors of RFC 6750 §3."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, make_response, request
from sqlalchemy import select

from flows.checks import Check, Finding, Refusal, check, decide, failed, passed
from flows.party import make_party, nothing
from flows.realm import Fresh
from flows.resource_server.asks import PhotosAsk
from flows.resource_server.token import USE_OPAQUE_TOKEN, USE_TOKEN, scope_allows
from flows.store import photos
from flows.story import ALICES_PHOTOS

LONGEST_TITLE = 200


@check("invalid_request", "a photo without a title", rfc="6749#section-7")
def photo_has_a_title(ask: PhotosAsk) -> Finding:
    """The token allows it; what is asked must still make sense."""
    title = ask.title
    if not isinstance(title, str) or not 0 < len(title) <= LONGEST_TITLE or not title.isprintable():
        return failed(expected=f'JSON like {{"title": "..."}}, up to {LONGEST_TITLE} letters', got="something else")
    return passed()


def make_app(templates: Path) -> Flask:
    """GET /photos for photos.read, POST /photos for photos.write."""
    app = make_party(__name__, templates)

    @app.get("/photos")
    def show_photos() -> Response:
        ask = PhotosAsk("photos.read")
        if refused := decide(_held_to(ask), ask):
            return _refuse(ask, refused)
        return _answer(200, {"photos": _photos_of(ask)})

    @app.post("/photos")
    def add_photo() -> Response:
        ask = PhotosAsk("photos.write")
        if refused := decide([*_held_to(ask), photo_has_a_title], ask):
            return _refuse(ask, refused)
        row = {"id": Fresh(ask.realm, ask.environ)("photo")[:12], "title": ask.title}
        row["taken"] = datetime.fromtimestamp(ask.realm.now(), UTC).date().isoformat()
        with ask.realm.store.transaction() as connection:
            connection.execute(photos.insert().values(realm=ask.realm.name, owner=ask.claims["sub"], **row))
        return _answer(201, row)

    @app.before_request
    def answer_preflight() -> Response | None:
        """A script of another origin may use the API: what lets it in is the token, and no cookie (Fetch §3.3)."""
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        answer = nothing(204)
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
        answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        answer.headers["Access-Control-Max-Age"] = "600"
        return answer

    @app.after_request
    def open_to_scripts(answer: Response) -> Response:
        answer.headers["Access-Control-Allow-Origin"] = "*"
        if "WWW-Authenticate" in answer.headers:
            answer.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
        return answer

    return app


def _held_to(ask: PhotosAsk) -> list[Check]:
    """What a token is held to: one that says something is read here, another is asked about."""
    return USE_TOKEN if ask.looks_like_a_jwt else USE_OPAQUE_TOKEN


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
