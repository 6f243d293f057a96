"""/authorize: who asks, and what is asked, before Alice sees any of it (RFC 6749 §3.1, §4.1.1)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from flows import story
from flows.asked import no_parameter_is_repeated, parameters_are_text
from flows.authorization_server.answers import back, open_session, page, set_session
from flows.authorization_server.asks import AuthorizeAsk, csrf_of
from flows.checks import Finding, check, decide, failed, passed
from flows.pkce import (
    code_challenge_is_well_formed,
    code_challenge_method_is_s256,
    public_client_sends_a_code_challenge,
)
from flows.realm import Fresh
from flows.store import authorization_requests

authorize = Blueprint("authorize", __name__)


# Who asks. A refusal here is answered with a page: an address that was not checked must not be redirected to.


@check("invalid_request", "two clients, or two addresses, in one question", rfc="6749#section-3.1")
def client_and_redirect_uri_come_once(ask: AuthorizeAsk) -> Finding:
    """If they came twice, the one that was checked might not be the one that is used."""
    sent = [name for name, _ in parse_qsl(ask.query_text, keep_blank_values=True, errors="replace")]
    twice = [name for name in ("client_id", "redirect_uri") if sent.count(name) > 1]
    return failed(expected="each once", got=f"more than once: {', '.join(twice)}") if twice else passed()


@check("invalid_request", "a client that nobody registered", rfc="6749#section-4.1.2.1")
def client_is_known(ask: AuthorizeAsk) -> Finding:
    """Alice is shown a name, and only a registered client has one that can be trusted."""
    if ask.client is None:
        return failed(expected="a registered client_id", got=ask.query.get("client_id", "no client_id"))
    return passed(f"This is {ask.client.name}.")


@check("invalid_request", "an address that is not the client’s", rfc="9700#section-2.1", defence=True)
def redirect_uri_is_registered(ask: AuthorizeAsk) -> Finding:
    """The answer is sent to this address, so it must be the client’s own, to the letter. Anything looser sends codes
    to strangers."""
    assert ask.client
    if not ask.redirect_uri_fits:
        return failed(
            expected=" or ".join(ask.client.redirect_uris), got=ask.query.get("redirect_uri", "no redirect_uri")
        )
    return passed("Registered, to the letter.")


WHO_ASKS = [parameters_are_text, client_and_redirect_uri_come_once, client_is_known, redirect_uri_is_registered]


# What is asked. A refusal here goes back to the client.

RESPONSE_TYPES = {"code": "authorization_code", "token": "implicit"}  # each is asked for by one grant


@check("invalid_request", "a question that does not say what it wants back", rfc="6749#section-3.1.1")
def response_type_is_there(ask: AuthorizeAsk) -> Finding:
    """It says what is wanted back, and so which grant this is."""
    return passed() if "response_type" in ask.query else failed(expected="response_type", got="nothing")


@check("unsupported_response_type", "a kind of answer that this server does not give", rfc="6749#section-3.1.1")
def response_type_is_supported(ask: AuthorizeAsk) -> Finding:
    """This server gives codes and, to a few old clients that still ask so, tokens. It gives nothing else through the
    browser."""
    asked = ask.query["response_type"]
    if asked not in RESPONSE_TYPES:
        return failed(expected=" or ".join(RESPONSE_TYPES), got=asked)
    return passed(f"A {asked}.")


@check("unauthorized_client", "a client that is not registered for this kind of answer", rfc="6749#section-4.1.2.1")
def client_may_ask_for_this(ask: AuthorizeAsk) -> Finding:
    """A client is registered for the grants it needs, so that a stolen client is good for little else. One that needs
    codes cannot be made to ask for tokens in an address."""
    assert ask.client
    asked = ask.query["response_type"]
    may_ask = [answer for answer, grant in RESPONSE_TYPES.items() if grant in ask.client.grant_types]
    if asked not in may_ask:
        return failed(expected=" or ".join(may_ask) or "no question", got=asked)
    return passed(f"{ask.client.client_id} is registered for it.")


@check("invalid_scope", "a scope that this server does not know", rfc="6749#section-3.3")
def scope_is_known(ask: AuthorizeAsk) -> Finding:
    """Alice can only approve what the server can name to her."""
    unknown = [name for name in ask.scope.split(" ") if name not in story.SCOPES]
    if unknown:
        return failed(expected=" ".join(story.SCOPES), got=ask.scope)
    return passed(ask.scope if "scope" in ask.query else f"None was named, so {ask.scope}.")


WHAT_IS_ASKED = [
    no_parameter_is_repeated,
    response_type_is_there,
    response_type_is_supported,
    client_may_ask_for_this,
    scope_is_known,
    public_client_sends_a_code_challenge,
    code_challenge_method_is_s256,
    code_challenge_is_well_formed,
]


@authorize.get("/authorize")
def ask_alice() -> Response:
    """Check the request, then show the login page, or the consent page if Alice has a session."""
    ask = AuthorizeAsk(request)
    if refused := decide(WHO_ASKS, ask):
        return page(
            "error",
            refused.check.status,
            title="This request cannot be trusted",
            error=f"{refused.check.error}, {refused.check.name}",
            says=refused.check.reason,
            why="We did not send you back to the program you came from: its address is part of what was wrong.",
        )
    if refused := decide(WHAT_IS_ASKED, ask):
        error, state = {"error": refused.check.error}, ask.query.get("state")
        return back(ask.realm, ask.redirect_uri, error, state, fragment=ask.wants_token)
    fresh = Fresh(ask.realm, ask.environ)
    return _login_or_consent(ask, fresh)


def _login_or_consent(ask: AuthorizeAsk, fresh: Fresh) -> Response:
    assert ask.client
    session_id = ask.session_id if ask.session else open_session(ask.realm, fresh("session"), None)
    pending = fresh("authorization_request")
    with ask.realm.store.transaction() as connection:
        connection.execute(
            authorization_requests.insert().values(
                realm=ask.realm.name, id=pending, session=session_id, query=ask.query_text, made_at=ask.realm.now()
            )
        )
    known = {
        "client_name": ask.client.name,
        "csrf": csrf_of(ask.realm, session_id),
        "authorization_request": pending,
    }
    if ask.person is None:
        answer = page("login", 200, action=f"{ask.realm.issuer}/login", username="", problem=None, **known)
    else:
        scopes = [{"name": name, "says": story.SCOPES[name]} for name in ask.scope.split(" ")]
        answer = page(
            "consent", 200, action=f"{ask.realm.issuer}/consent", person=ask.person.name, scopes=scopes,
            redirect_host=ask.redirect_uri.partition("://")[2].partition("/")[0] or ask.redirect_uri, **known,
        )  # fmt: skip
    if not ask.session:
        set_session(answer, ask.realm, session_id)
    return answer
