"""/authorize with its login and consent pages: who asks, what is asked, and what Alice answers (RFC 6749 §3.1, §4.1)."""

from __future__ import annotations

import hmac
import re
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import update

from flows import story
from flows.asked import body_is_a_form, no_parameter_is_repeated, parameters_are_text
from flows.authorization_server.asks import (
    REQUEST_LIFETIME,
    SESSION_COOKIE,
    AuthorizeAsk,
    PageAsk,
    csrf_of,
)
from flows.checks import Finding, Refusal, check, decide, expect, failed, passed
from flows.party import go_to
from flows.realm import Fresh, Realm
from flows.store import authorization_requests, codes, sessions

authorize = Blueprint("authorize", __name__)


# Who asks. A refusal here is answered with a page: an address that was not checked must not be redirected to.


@check("invalid_request", rfc="6749#section-3.1")
def client_and_redirect_uri_come_once(ask: AuthorizeAsk) -> Finding:
    """If they came twice, the one that was checked might not be the one that is used."""
    sent = [name for name, _ in parse_qsl(ask.query_text, keep_blank_values=True, errors="replace")]
    twice = [name for name in ("client_id", "redirect_uri") if sent.count(name) > 1]
    return failed(expected="each once", got=f"more than once: {', '.join(twice)}") if twice else passed()


@check("invalid_request", rfc="6749#section-4.1.2.1")
def client_is_known(ask: AuthorizeAsk) -> Finding:
    """Alice is shown a name, and only a registered client has one that can be trusted."""
    if ask.client is None:
        return failed(expected="a registered client_id", got=ask.query.get("client_id", "no client_id"))
    return passed(f"This is {ask.client.name}.")


@check("invalid_request", rfc="9700#section-2.1", defence=True)
def redirect_uri_is_registered(ask: AuthorizeAsk) -> Finding:
    """The answer is sent to this address, so it must be the client’s own, to the letter. Anything looser sends codes to strangers."""
    assert ask.client
    if ask.redirect_uri is None:
        return failed(
            expected=" or ".join(ask.client.redirect_uris), got=ask.query.get("redirect_uri", "no redirect_uri")
        )
    return passed("Registered, to the letter.")


WHO_ASKS = [parameters_are_text, client_and_redirect_uri_come_once, client_is_known, redirect_uri_is_registered]


# What is asked. A refusal here goes back to the client.


@check("invalid_request", rfc="6749#section-3.1.1")
def response_type_is_there(ask: AuthorizeAsk) -> Finding:
    """It says what is wanted back, and so which grant this is."""
    return passed() if "response_type" in ask.query else failed(expected="response_type", got="nothing")


@check("unsupported_response_type", rfc="6749#section-3.1.1")
def response_type_is_supported(ask: AuthorizeAsk) -> Finding:
    """This server gives codes, and no tokens, through the browser."""
    return expect("code", ask.query["response_type"], "A code.")


@check("unauthorized_client", rfc="6749#section-4.1.2.1")
def client_may_ask_for_a_code(ask: AuthorizeAsk) -> Finding:
    """A client is registered for the grants it needs, so that a stolen registration is good for little else."""
    assert ask.client
    if "authorization_code" not in ask.client.grant_types:
        return failed(expected="a client registered for authorization_code", got=ask.client.client_id)
    return passed(f"{ask.client.client_id} is registered for it.")


@check("invalid_scope", rfc="6749#section-3.3")
def scope_is_known(ask: AuthorizeAsk) -> Finding:
    """Alice can only approve what the server can name to her."""
    unknown = [name for name in ask.scope.split(" ") if name not in story.SCOPES]
    if unknown:
        return failed(expected=" ".join(story.SCOPES), got=ask.scope)
    return passed(ask.scope if "scope" in ask.query else f"None was named, so {ask.scope}.")


@check("invalid_request", rfc="9700#section-2.1.1", defence=True)
def public_client_sends_a_code_challenge(ask: AuthorizeAsk) -> Finding:
    """A public client has no secret to show later, so this is all that will tie the code to it."""
    assert ask.client
    if ask.client.public and "code_challenge" not in ask.query:
        return failed(expected="a code_challenge", got="none, from a client without a secret")
    return passed("It came." if "code_challenge" in ask.query else "None came, and this client has a secret.")


@check("invalid_request", rfc="7636#section-4.3", defence=True)
def code_challenge_method_is_s256(ask: AuthorizeAsk) -> Finding:
    """With `plain`, or with no method, which means `plain`, the challenge is the secret itself, and the browser can read it."""
    if "code_challenge" not in ask.query:
        if "code_challenge_method" in ask.query:
            return failed(expected="a code_challenge with its method", got="a method alone")
        return passed("No challenge came.")
    return expect("S256", ask.query.get("code_challenge_method"), "S256.", nothing="no method, which means plain")


@check("invalid_request", rfc="7636#section-4.2")
def code_challenge_is_well_formed(ask: AuthorizeAsk) -> Finding:
    """A SHA-256 in base64url has 43 characters. Anything else could never be answered."""
    code_challenge = ask.query.get("code_challenge")
    if code_challenge is None or re.fullmatch(r"[A-Za-z0-9_-]{43}", code_challenge):
        return passed()
    return failed(expected="43 characters of base64url", got=code_challenge)


WHAT_IS_ASKED = [
    no_parameter_is_repeated,
    response_type_is_there,
    response_type_is_supported,
    client_may_ask_for_a_code,
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
        return _page(
            "error", refused.check.status, title="This request cannot be trusted", error=refused.check.error,
            says=_sentence(refused), why="We did not send you back to the program you came from: its address is part of "
            "what could not be checked.",
        )  # fmt: skip
    assert ask.redirect_uri and ask.client
    if refused := decide(WHAT_IS_ASKED, ask):
        return _back(ask.realm, ask.redirect_uri, {"error": refused.check.error}, ask.query.get("state"))
    fresh = Fresh(ask.realm, ask.environ)
    return _login_or_consent(ask, fresh)


def _login_or_consent(ask: AuthorizeAsk, fresh: Fresh) -> Response:
    assert ask.client and ask.redirect_uri
    session_id = ask.session_id if ask.session else _open_session(ask.realm, fresh("session"), None)
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
        answer = _page("login", 200, action=f"{ask.realm.issuer}/login", username="", problem=None, **known)
    else:
        scopes = [{"name": name, "says": story.SCOPES[name]} for name in ask.scope.split(" ")]
        answer = _page(
            "consent", 200, action=f"{ask.realm.issuer}/consent", person=ask.person.name, scopes=scopes,
            redirect_host=ask.redirect_uri.split("/")[2], **known,
        )  # fmt: skip
    if not ask.session:
        _set_session(answer, ask.realm, session_id)
    return answer


# The login form.


@check("", rfc="6749#section-10.12", status=403)
def form_came_from_our_page(ask: PageAsk) -> Finding:
    """Another site can make a browser post a form here, with Alice’s cookie. It cannot know what our own page put into it."""
    if not ask.session_id:
        return failed(expected="the session cookie", got="no cookie")
    return passed() if ask.csrf_fits else failed(expected="the csrf value of this session", got="another one")


@check("", rfc="6749#section-4.1.1", status=400)
def authorization_request_is_open(ask: PageAsk) -> Finding:
    """The page was about one request of one session. An answer to any other would approve what Alice did not see."""
    if ask.pending is None:
        return failed(expected="a request of this session", got="none with that number")
    if not ask.pending_is_fresh:
        return failed(expected=f"a page at most {REQUEST_LIFETIME} s old", got="an older one")
    return passed()


@check("", rfc="6749#section-3.1", status=403)
def password_fits(ask: PageAsk) -> Finding:
    """The server must know that this is Alice, in whatever way it likes. It does not tell which half was wrong."""
    person = story.PEOPLE.get(ask.form.get("username", ""))
    expected = person.password if person else ""
    fits = hmac.compare_digest(expected.encode(), ask.form.get("password", "").encode())
    if person is None or not fits:
        return failed(expected="a username and its password", got="a pair that does not fit")
    return passed(f"This is {person.name}.")


LOG_IN = [
    body_is_a_form,
    parameters_are_text,
    no_parameter_is_repeated,
    form_came_from_our_page,
    authorization_request_is_open,
    password_fits,
]


@authorize.post("/login")
def log_in() -> Response:
    """Open a session under a new id, so that an id planted before the login is worth nothing, and go on with the request."""
    ask = PageAsk(request)
    if refused := decide(LOG_IN, ask):
        if refused.check is not password_fits:
            return _form_error(refused)
        client = ask.realm.clients[dict(parse_qsl(ask.pending.query if ask.pending else ""))["client_id"]]
        return _page(
            "login", refused.check.status, action=f"{ask.realm.issuer}/login", client_name=client.name,
            csrf=csrf_of(ask.realm, ask.session_id), authorization_request=ask.form["authorization_request"],
            username=ask.form.get("username", "")[:100], problem="That name and password do not fit together.",
        )  # fmt: skip
    assert ask.pending
    session_id = _open_session(ask.realm, Fresh(ask.realm, ask.environ)("session"), ask.form["username"])
    answer = go_to(f"{ask.realm.issuer}/authorize?{ask.pending.query}")
    _set_session(answer, ask.realm, session_id)
    return answer


# The consent form.


@check("", rfc="6749#section-3.1", status=403)
def person_is_logged_in(ask: PageAsk) -> Finding:
    """Only the owner of the photos can give a permission to read them."""
    if ask.person is None:
        return failed(expected="a session in which somebody has logged in", got="none")
    return passed(f"This is {ask.person.name}.")


@check("", rfc="6749#section-4.1.1", status=400)
def decision_is_yes_or_no(ask: PageAsk) -> Finding:
    """Anything but a clear yes or no is neither."""
    decision = ask.form.get("decision", "nothing")
    return passed(decision) if decision in ("approve", "deny") else failed(expected="approve or deny", got=decision)


@check("", rfc="6749#section-4.1.2", status=400)
def answer_is_given_once(ask: PageAsk) -> Finding:
    """One question, one answer. It is used up here, last of all, so a second click or a replayed form gives no second code."""
    assert ask.pending
    mine = update(authorization_requests).where(
        authorization_requests.c.realm == ask.realm.name,
        authorization_requests.c.id == ask.pending.id,
        authorization_requests.c.answered_at.is_(None),
    )
    with ask.realm.store.transaction() as connection:
        done = mine.values(answered_at=ask.realm.now()).returning(authorization_requests.c.id)
        won = connection.execute(done).one_or_none()
    return passed() if won else failed(expected="a question without an answer", got="one that was answered before")


CONSENT = [
    body_is_a_form,
    parameters_are_text,
    no_parameter_is_repeated,
    person_is_logged_in,
    form_came_from_our_page,
    authorization_request_is_open,
    decision_is_yes_or_no,
    answer_is_given_once,
]


@authorize.post("/consent")
def answer_client() -> Response:
    """Alice's yes becomes a code, her no an error; either goes back to the client through the browser."""
    ask = PageAsk(request)
    with ask.realm.store.transaction():
        if refused := decide(CONSENT, ask):
            return _form_error(refused)
        assert ask.pending and ask.person
        asked = dict(parse_qsl(ask.pending.query, keep_blank_values=True))
        client = ask.realm.clients[asked["client_id"]]
        redirect_uri = asked.get("redirect_uri") or client.redirect_uris[0]
        if ask.form["decision"] == "deny":
            return _back(ask.realm, redirect_uri, {"error": "access_denied"}, asked.get("state"))
        code = _issue_code(ask.realm, Fresh(ask.realm, ask.environ), client, ask.person, asked)
        return _back(ask.realm, redirect_uri, {"code": code}, asked.get("state"))


def _issue_code(realm: Realm, fresh: Fresh, client: story.Client, person: story.Person, asked: dict[str, str]) -> str:
    """A code bound to client, redirect_uri and challenge; what it will give belongs to one family."""
    code, now = fresh("code"), realm.now()
    with realm.store.transaction() as connection:
        connection.execute(
            codes.insert().values(
                realm=realm.name,
                code=code,
                client_id=client.client_id,
                username=person.username,
                redirect_uri=asked.get("redirect_uri") or None,
                scope=asked.get("scope") or story.DEFAULT_SCOPE,
                code_challenge=asked.get("code_challenge") or None,
                family=fresh("family"),
                issued_at=now,
                expires_at=now + client.code_lifetime,
            )
        )
    return code


# Answers.


def _back(realm: Realm, redirect_uri: str, answer: dict[str, str], state: str | None) -> Response:
    """To the client, through the browser, with `state` as it came and `iss` (RFC 9207 §2). 303, never 307 (RFC 9700 §4.12)."""
    parameters = {**answer, **({"state": state} if state else {}), "iss": realm.issuer}
    return go_to(redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(parameters))


def _page(template: str, status: int, **known: object) -> Response:
    return make_response(render_template(f"authorization_server/{template}.html", **known), status)


def _form_error(refused: Refusal) -> Response:
    return _page(
        "error", refused.check.status, title="This form cannot be used", error=None, says=_sentence(refused),
        why="Go back to the program you came from and start again.",
    )  # fmt: skip


def _sentence(refused: Refusal) -> str:
    return f"Expected: {refused.finding.expected}. Got: {refused.finding.got}."


def _open_session(realm: Realm, session_id: str, username: str | None) -> str:
    with realm.store.transaction() as connection:
        connection.execute(
            sessions.insert().values(realm=realm.name, id=session_id, username=username, made_at=realm.now())
        )
    return session_id


def _set_session(answer: Response, realm: Realm, session_id: str) -> None:
    path = "/" + realm.issuer.split("/", 3)[3]
    answer.set_cookie(SESSION_COOKIE, session_id, path=path, httponly=True, samesite="Lax")
