"""What the authorization server answers a browser with: a page, or a redirect back to the client."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response, make_response, render_template

from flows.authorization_server.asks import SESSION_COOKIE
from flows.checks import Refusal
from flows.party import go_to
from flows.realm import Realm
from flows.store import sessions


def back(
    realm: Realm, redirect_uri: str, answer: Mapping[str, object], state: str | None, *, fragment: bool = False
) -> Response:
    """To the client, through the browser, with `state` as it came and `iss` (RFC 9207 §2). 303, never 307 (RFC 9700
    §4.12). In the fragment, which a browser keeps to itself, where a token was asked for (RFC 6749 §4.2.2)."""
    parameters = urlencode({**answer, **({"state": state} if state else {}), "iss": realm.issuer})
    if fragment:
        return go_to(f"{redirect_uri}#{parameters}")
    return go_to(redirect_uri + ("&" if "?" in redirect_uri else "?") + parameters)


def page(template: str, status: int, **known: object) -> Response:
    return make_response(render_template(f"authorization_server/{template}.html", **known), status)


def form_error(refused: Refusal) -> Response:
    return page(
        "error",
        refused.check.status,
        title="This form cannot be used",
        error=refused.check.name,
        says=refused.check.reason,
        why="Go back to the program you came from and start again.",
    )


def open_session(realm: Realm, session_id: str, username: str | None) -> str:
    with realm.store.transaction() as connection:
        connection.execute(
            sessions.insert().values(realm=realm.name, id=session_id, username=username, made_at=realm.now())
        )
    return session_id


def set_session(answer: Response, realm: Realm, session_id: str) -> None:
    path = "/" + realm.issuer.split("/", 3)[3]
    answer.set_cookie(SESSION_COOKIE, session_id, path=path, httponly=True, samesite="Lax")
