"""Alice's answers: the login form and the consent form, posted from our own pages (RFC 6749 §3.1, §10.12)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from sqlalchemy import update

from flows import story
from flows.asked import body_is_a_form, no_parameter_is_repeated, parameters_are_text
from flows.authorization_server.answers import back, form_error, open_session, page, set_session
from flows.authorization_server.asks import REQUEST_LIFETIME, PageAsk, csrf_of
from flows.authorization_server.guesses import seconds_to_wait, was_wrong
from flows.authorization_server.issue import Given, give_tokens, new_family
from flows.authorization_server.passwords import account_may_be_tried, account_of, person_of
from flows.checks import Finding, Refusal, check, decide, failed, passed
from flows.party import go_to
from flows.realm import Fresh, Realm
from flows.store import authorization_requests, codes

forms = Blueprint("forms", __name__)


# What both forms are held to.


@check(
    "",
    "a form that did not come from this server’s own page",
    rfc="6749#section-10.12",
    status=403,
    of="csrf snapbox_session",
)
def form_came_from_our_page(ask: PageAsk) -> Finding:
    """Another site can make a browser post a form here, with Alice’s cookie. It cannot know what our own page put
    into it."""
    if not ask.session_id:
        return failed(expected="the session cookie", got="no cookie")
    return passed() if ask.csrf_fits else failed(expected="the csrf value of this session", got="another one")


@check(
    "",
    "a question that this browser was not asked",
    rfc="6749#section-4.1.1",
    status=400,
    of="authorization_request snapbox_session",
)
def authorization_request_is_open(ask: PageAsk) -> Finding:
    """The page was about one request of one session. An answer to any other would approve what Alice did not see."""
    if ask.pending is None:
        return failed(expected="a request of this session", got="none with that number")
    if not ask.pending_is_fresh:
        return failed(expected=f"a page at most {REQUEST_LIFETIME} s old", got="an older one")
    return passed()


# The login form.


@check("", "a name and a password that do not fit together", rfc="6749#section-3.1", status=403, of="password")
def password_fits(ask: PageAsk) -> Finding:
    """The server must know that this is Alice, in whatever way it likes. It does not tell which half was wrong."""
    person = person_of(ask.form)
    if person is None:
        return failed(expected="a username and its password", got="a pair that does not fit")
    return passed(f"This is {person.name}.")


LOG_IN = [
    body_is_a_form,
    parameters_are_text,
    no_parameter_is_repeated,
    form_came_from_our_page,
    authorization_request_is_open,
    account_may_be_tried,
    password_fits,
]


@forms.post("/login")
def log_in() -> Response:
    """Open a session under a new id, so that an id planted before the login is worth nothing, and go on with the
    request."""
    ask = PageAsk(request)
    with ask.realm.store.transaction():  # guesses that come at once are counted one after the other
        if refused := decide(LOG_IN, ask):
            if refused.check not in (password_fits, account_may_be_tried):
                return form_error(refused)
            return _log_in_again(ask, refused)
        session_id = open_session(ask.realm, Fresh(ask.realm, ask.environ)("session"), ask.form["username"])
    assert ask.pending
    answer = go_to(f"{ask.realm.issuer}/authorize?{ask.pending.query}")
    set_session(answer, ask.realm, session_id)
    return answer


def _log_in_again(ask: PageAsk, refused: Refusal) -> Response:
    """The form once more, with what was wrong; it does not say which half."""
    username, problem = ask.form.get("username", ""), "That name and password do not fit together."
    if refused.check is password_fits:
        was_wrong(ask.realm, account_of(ask.form))
    wait = seconds_to_wait(ask.realm, account_of(ask.form))
    if refused.check is account_may_be_tried:
        problem = f"There were too many wrong passwords. Try again in {wait} seconds."
    client = ask.realm.clients[dict(parse_qsl(ask.pending.query if ask.pending else ""))["client_id"]]
    answer = page(
        "login", refused.check.status, action=f"{ask.realm.issuer}/login", client_name=client.name,
        csrf=csrf_of(ask.realm, ask.session_id), authorization_request=ask.form["authorization_request"],
        username=username[:100], problem=problem,
    )  # fmt: skip
    if refused.check is account_may_be_tried:
        answer.headers["Retry-After"] = str(wait)
    return answer


# The consent form.


@check("", "a browser in which nobody has logged in", rfc="6749#section-3.1", status=403, of="snapbox_session")
def person_is_logged_in(ask: PageAsk) -> Finding:
    """Only the owner of the photos can give a permission to read them."""
    if ask.person is None:
        return failed(expected="a session in which somebody has logged in", got="none")
    return passed(f"This is {ask.person.name}.")


@check("", "an answer that is neither yes nor no", rfc="6749#section-4.1.1", status=400)
def decision_is_yes_or_no(ask: PageAsk) -> Finding:
    """Anything but a clear yes or no is neither."""
    decision = ask.form.get("decision", "nothing")
    return passed(decision) if decision in ("approve", "deny") else failed(expected="approve or deny", got=decision)


@check("", "a second answer to the same question", rfc="6749#section-4.1.2", status=400, of="authorization_request")
def answer_is_given_once(ask: PageAsk) -> Finding:
    """One question, one answer. It is used up here, last of all, so a second click or a replayed form gives no second
    code."""
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


@forms.post("/consent")
def answer_client() -> Response:
    """Alice’s yes becomes a code, or the token itself, her no an error; either goes back through the browser."""
    ask = PageAsk(request)
    with ask.realm.store.transaction():
        if refused := decide(CONSENT, ask):
            return form_error(refused)
        assert ask.pending and ask.person
        asked = dict(parse_qsl(ask.pending.query, keep_blank_values=True))
        client = ask.realm.clients[asked["client_id"]]
        redirect_uri = asked.get("redirect_uri") or client.redirect_uris[0]
        wants_token = asked.get("response_type") == "token"
        if ask.form["decision"] == "deny":
            no = {"error": "access_denied"}
            return back(ask.realm, redirect_uri, no, asked.get("state"), fragment=wants_token)
        fresh = Fresh(ask.realm, ask.environ)
        if wants_token:
            family = new_family(ask.realm, fresh)
            given = Given(ask.person.username, asked.get("scope") or story.DEFAULT_SCOPE, family)
            answer = give_tokens(ask.realm, fresh, client, given)
            return back(ask.realm, redirect_uri, answer, asked.get("state"), fragment=True)
        code = _issue_code(ask.realm, fresh, client, ask.person, asked)
        return back(ask.realm, redirect_uri, {"code": code}, asked.get("state"))


def _issue_code(realm: Realm, fresh: Fresh, client: story.Client, person: story.Person, asked: dict[str, str]) -> str:
    """A code bound to client, redirect_uri and challenge; what it will give belongs to one family."""
    code, family, now = fresh("code"), new_family(realm, fresh), realm.now()
    challenge = asked.get("code_challenge") or None
    with realm.store.transaction() as connection:
        connection.execute(
            codes.insert().values(
                realm=realm.name,
                code=code,
                client_id=client.client_id,
                username=person.username,
                redirect_uri=asked.get("redirect_uri") or None,
                scope=asked.get("scope") or story.DEFAULT_SCOPE,
                code_challenge=challenge,
                code_challenge_method=(asked.get("code_challenge_method") or "plain")[:10] if challenge else None,
                family=family,
                issued_at=now,
                expires_at=now + client.code_lifetime,
            )
        )
    return code
