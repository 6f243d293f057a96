"""The authorization server as a Flask application: its endpoints, and the headers that all its answers carry."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, jsonify, request

from flows.authorization_server.about_tokens import about_tokens
from flows.authorization_server.authorize import authorize
from flows.authorization_server.forms import forms
from flows.authorization_server.token import token
from flows.party import PAGE_HEADERS, make_party, nothing
from flows.realm import WELL_KNOWN, Realm

OPEN_TO_SCRIPTS = ("/token", "/revoke", "/jwks", WELL_KNOWN)


def make_app(templates: Path) -> Flask:
    """RFC 8414 metadata, JWKS, /authorize, /token, /introspect and /revoke."""
    app = make_party(__name__, templates)
    app.register_blueprint(authorize)
    app.register_blueprint(forms)
    app.register_blueprint(token)
    app.register_blueprint(about_tokens)

    @app.get(WELL_KNOWN)
    def metadata() -> Response:
        """The entry leads here from the well-known place of RFC 8414 §3, which lies outside the issuer's own path."""
        return jsonify(_realm().metadata)

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify(_realm().jwks)

    @app.before_request
    def answer_preflight() -> Response | None:
        """A script of another origin may ask for a token or a key, never for a page (RFC 9700 §2.6)."""
        if request.method != "OPTIONS" or request.path not in OPEN_TO_SCRIPTS:
            return None
        answer = nothing(204)
        answer.headers["Access-Control-Allow-Methods"] = "POST" if request.path in ("/token", "/revoke") else "GET"
        answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        answer.headers["Access-Control-Max-Age"] = "600"
        return answer

    @app.after_request
    def add_headers(answer: Response) -> Response:
        if request.path in OPEN_TO_SCRIPTS:
            answer.headers["Access-Control-Allow-Origin"] = "*"
        if answer.mimetype == "text/html":
            answer.headers.extend(PAGE_HEADERS)
        if request.path not in ("/jwks", WELL_KNOWN):
            answer.headers["Cache-Control"] = "no-store"
        return answer

    return app


def _realm() -> Realm:
    realm: Realm = request.environ["tokenwalk.realm"]
    return realm
