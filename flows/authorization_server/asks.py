"""What the authorization server's endpoints are asked: who asks, and the code or session that a request refers to."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import Row, bindparam, select

from flows import story
from flows.asked import Asked
from flows.realm import Realm
from flows.store import access_tokens, authorization_requests, codes, families, refresh_tokens, sessions
from flows.tokens import jws

SESSION_COOKIE = "snapbox_session"
REQUEST_LIFETIME = 600  # seconds that a login or consent page may lie open
SESSION_LIFETIME = 24 * 3600


def csrf_of(realm: Realm, session_id: str) -> str:
    """The value that a form of ours carries: it follows from the session, and another site cannot know it."""
    return realm.derive("csrf", session_id)


class _WithSession(Asked):
    @cached_property
    def session_id(self) -> str:
        return self.request.cookies.get(SESSION_COOKIE, "")

    @cached_property
    def session(self) -> Row[Any] | None:
        """The login session that the cookie names; None if there is none, or it is older than a day."""
        if not self.session_id.isprintable():
            return None
        found = select(sessions).where(sessions.c.realm == self.realm.name, sessions.c.id == self.session_id)
        with self.realm.store.reading() as connection:
            row = connection.execute(found).one_or_none()
        return row if row and self.realm.now() - row.made_at < SESSION_LIFETIME else None

    @property
    def person(self) -> story.Person | None:
        return story.PEOPLE.get(self.session.username) if self.session and self.session.username else None


class AuthorizeAsk(_WithSession):
    """GET /authorize (RFC 6749 §4.1.1)."""

    @cached_property
    def client(self) -> story.Client | None:
        return self.realm.clients.get(self.query.get("client_id", ""))

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes: as asked, or the first one registered."""
        assert self.client
        return self.query.get("redirect_uri") or self.client.redirect_uris[0]

    @property
    def redirect_uri_fits(self) -> bool:
        """Whether that is an address of this client’s. It may be left out only where there is but one."""
        assert self.client
        if "redirect_uri" not in self.query:
            return len(self.client.redirect_uris) == 1
        return any(matches(self.client, each, self.redirect_uri) for each in self.client.redirect_uris)

    @cached_property
    def scope(self) -> str:
        return self.query.get("scope") or story.DEFAULT_SCOPE

    @property
    def wants_token(self) -> bool:
        """Whether the token itself is to come back through the browser: the implicit grant (RFC 6749 §4.2.1)."""
        return self.query.get("response_type") == "token"


def matches(client: story.Client, registered: str, asked: str) -> bool:
    """Whether a redirect_uri is a registered one, to the letter; a native client's loopback port may vary (RFC 8252
    §7.3)."""
    if asked == registered:
        return True
    loopback = re.fullmatch(r"(http://(?:127\.0\.0\.1|\[::1\]))(/.*)?", registered) if client.native else None
    if loopback is None:
        return False
    host, path = loopback[1], loopback[2] or ""
    found = re.fullmatch(re.escape(host) + r":([0-9]{1,5})" + re.escape(path), asked)
    return found is not None and int(found[1]) <= 65535


class PageAsk(_WithSession):
    """A form of a login or consent page, posted."""

    @cached_property
    def pending(self) -> Row[Any] | None:
        """The authorization request that the page was about, if it belongs to this session."""
        found = select(authorization_requests).where(
            authorization_requests.c.realm == self.realm.name,
            authorization_requests.c.id == self.form.get("authorization_request", ""),
            authorization_requests.c.session == self.session_id,
        )
        with self.realm.store.reading() as connection:
            return connection.execute(found).one_or_none()

    @property
    def pending_is_fresh(self) -> bool:
        return self.pending is not None and self.realm.now() - self.pending.made_at < REQUEST_LIFETIME

    @cached_property
    def csrf_fits(self) -> bool:
        expected = csrf_of(self.realm, self.session_id)
        return hmac.compare_digest(expected.encode(), self.form.get("csrf", "").encode())


_CODE = select(codes).where(codes.c.realm == bindparam("realm"), codes.c.code == bindparam("code"))
_REFRESH_TOKEN = select(refresh_tokens, families.c.revoked_at).where(
    refresh_tokens.c.realm == bindparam("realm"),
    refresh_tokens.c.refresh_token == bindparam("token"),
    families.c.realm == refresh_tokens.c.realm,
    families.c.id == refresh_tokens.c.family,
)
_ACCESS_TOKEN = select(access_tokens, families.c.revoked_at.label("family_revoked_at")).where(
    access_tokens.c.realm == bindparam("realm"),
    access_tokens.c.jti == bindparam("token"),
    families.c.realm == access_tokens.c.realm,
    families.c.id == access_tokens.c.family,
)


class _WithClient(Asked):
    """A request in which a client, or an API, says who it is (RFC 6749 §2.3)."""

    @cached_property
    def authorization(self) -> str:
        return self.request.headers.get("Authorization", "")

    @cached_property
    def basic(self) -> tuple[str, str] | None:
        """client_id and secret of a Basic header (RFC 6749 §2.3.1); None where there is none that can be read."""
        scheme, _, credentials = self.authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            pair = base64.b64decode(credentials.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        client_id, colon, secret = pair.partition(":")
        return (unquote_plus(client_id), unquote_plus(secret)) if colon else None

    @cached_property
    def client_id(self) -> str:
        return self.basic[0] if self.basic else self.form.get("client_id", "")

    @cached_property
    def client_secret(self) -> str | None:
        return self.basic[1] if self.basic else self.form.get("client_secret")

    @cached_property
    def client(self) -> story.Client | None:
        return self.realm.clients.get(self.client_id)

    def _refresh_token(self, token: str) -> Any:
        with self.realm.store.reading() as connection:
            return connection.execute(_REFRESH_TOKEN, {"realm": self.realm.name, "token": token}).one_or_none()


class TokenAsk(_WithClient):
    """POST /token (RFC 6749 §3.2). What was not sent, or is not known here, is None."""

    @cached_property
    def code(self) -> Any:
        """The row of the code that was sent."""
        with self.realm.store.reading() as connection:
            sent = {"realm": self.realm.name, "code": self.form.get("code", "")}
            return connection.execute(_CODE, sent).one_or_none()

    @cached_property
    def refresh_token(self) -> Any:
        """The row of the refresh token that was sent; `revoked_at` is its family’s."""
        return self._refresh_token(self.form.get("refresh_token", ""))

    @cached_property
    def scope(self) -> str:
        """What is asked for, in the grants that had no authorization request before."""
        return self.form.get("scope") or story.DEFAULT_SCOPE


class AboutTokenAsk(_WithClient):
    """POST /introspect and POST /revoke: the request names a token (RFC 7662 §2.1, RFC 7009 §2.1)."""

    @cached_property
    def access_token(self) -> Any:
        """The row of the access token; None for one that was not given here. A JWT counts only if it is ours to the
        letter."""
        token = self.form.get("token", "")
        try:
            jti = str(jws.read(token).payload.get("jti"))
            verified = any(jws.signature_verifies(token, each.key, each.alg) for each in self.realm.signing_keys)
        except jws.NotAJWT:
            jti, verified = token, self.realm.opaque
        if not verified:
            return None
        with self.realm.store.reading() as connection:
            return connection.execute(_ACCESS_TOKEN, {"realm": self.realm.name, "token": jti}).one_or_none()

    @cached_property
    def refresh_token(self) -> Any:
        return self._refresh_token(self.form.get("token", ""))

    @property
    def about(self) -> Any:
        """The row of whichever token it is."""
        return self.access_token or self.refresh_token
