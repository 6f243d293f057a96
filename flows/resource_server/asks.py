"""What the photos API is asked: the token and where it stood, what is known of it, and what is wanted."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from flask import request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from flows.asked import FORM, Asked, fields_of
from flows.introspection import introspection_request
from flows.realm import SigningKey
from flows.store import access_tokens, families
from flows.story import PEOPLE, PHOTOS_API, Person
from flows.tokens import jws


class PhotosAsk(Asked):
    """A request to the API; `needed` is the scope that it takes. `now` is the time by the API's own clock."""

    def __init__(self, needed: str) -> None:
        super().__init__(request)
        self.needed = needed
        self.now = self.realm.now() + self.realm.api_skew

    @cached_property
    def tokens(self) -> list[tuple[str, str]]:
        """Each token that came, and where: "the header", "a form", "the address" (RFC 6750 §2). A form is that of a
        POST; an empty parameter counts as none."""
        scheme, _, credentials = self.request.headers.get("Authorization", "").partition(" ")
        return [
            *([("the header", credentials.strip())] if scheme.lower() == "bearer" else []),
            *([("a form", token) for token in _tokens_in(self.body_text)] if self.is_form else []),
            *(("the address", token) for token in _tokens_in(self.query_text)),
        ]

    @property
    def is_form(self) -> bool:
        return self.request.mimetype == FORM and self.request.method == "POST"

    @property
    def is_text(self) -> bool:
        """Whether the address and a form, where there is one, are percent-encoded UTF-8."""
        sent = [self.query_text, self.body_text] if self.is_form else [self.query_text]
        return all(fields_of(text) is not None for text in sent)

    @cached_property
    def token(self) -> str:
        return self.tokens[0][1] if self.tokens else ""

    @cached_property
    def places(self) -> list[str]:
        """Where the tokens came, in words."""
        return [where for where, _ in self.tokens]

    @property
    def looks_like_a_jwt(self) -> bool:
        return not self.realm.opaque or "." in self.token

    @cached_property
    def parts(self) -> jws.Parts | None:
        try:
            return jws.read(self.token)
        except jws.NotAJWT:
            return None

    @cached_property
    def introspection(self) -> dict[str, Any]:
        """What the authorization server says of an opaque token: asked once, over the network (RFC 7662 §2.2)."""
        api = self.realm.clients[PHOTOS_API]
        answer = self.environ["tokenwalk.network"](introspection_request(self.realm.metadata, api, self.token))
        said = json.loads(answer.body) if answer.status == 200 else {}
        return said if isinstance(said, dict) else {}

    @cached_property
    def claims(self) -> dict[str, Any]:
        """What is known of the token: read in it, or heard from the authorization server."""
        if not self.looks_like_a_jwt:
            return self.introspection
        return self.parts.payload if self.parts else {}

    @cached_property
    def key(self) -> SigningKey | None:
        """The realm's key that the token's `kid` names. The API reads it from the realm, not over HTTP."""
        kid = self.parts.header.get("kid") if self.parts else None
        return next((each for each in self.realm.signing_keys if each.kid == kid), None)

    @cached_property
    def revoked(self) -> bool:
        """Whether this token, or the grant that gave it, was taken back, by the list that Snapbox's servers share."""
        its_family = (families.c.realm == access_tokens.c.realm) & (families.c.id == access_tokens.c.family)
        found = (
            select(families.c.id)
            .join(access_tokens, its_family)
            .where(access_tokens.c.realm == self.realm.name, access_tokens.c.jti == str(self.claims.get("jti")))
            .where(families.c.revoked_at.is_not(None) | access_tokens.c.revoked_at.is_not(None))
        )
        with self.realm.store.reading() as connection:
            return connection.scalar(found) is not None

    @cached_property
    def title(self) -> object:
        """What a photo that is sent is called: in JSON, or in a form, where a token may stand too."""
        if self.request.mimetype == FORM:
            return self.form.get("title")
        try:
            sent = self.request.get_json()
        except (HTTPException, RecursionError):
            sent = None
        return sent.get("title") if isinstance(sent, dict) else None

    @property
    def person(self) -> Person | None:
        """Whose account the token is about; None where it is about a program that acts for itself."""
        sub = self.claims.get("sub")
        return PEOPLE.get(sub) if isinstance(sub, str) and sub != self.claims.get("client_id") else None


def _tokens_in(text: str) -> list[str]:
    return [value for name, value in fields_of(text) or [] if name == "access_token" and value]
