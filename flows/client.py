"""The client, PhotoPrint: starts the flow, receives the callback, and decides whether to believe it (RFC 6749 §4.1,
RFC 9207)."""

from __future__ import annotations

import hmac
from functools import cached_property
from pathlib import Path

from flask import Flask, Response, abort, make_response, render_template, request

from flows.asked import Asked, no_parameter_is_repeated, parameters_are_text
from flows.checks import Finding, check, decide, expect, failed, passed
from flows.grants import authorization_code
from flows.party import PAGE_HEADERS, go_to, make_party
from flows.run import Run
from flows.seen import NotSeen
from flows.stage import Stage

SESSION_COOKIE = "photoprint_session"


class ClientAsk(Asked):
    """A request to the client. Its session is a run: the cookie names it, and the client keeps nothing else."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(request)
        self.stage = stage

    @cached_property
    def session(self) -> Run | None:
        run_id, _, proof = self.request.cookies.get(SESSION_COOKIE, "").partition(".")
        try:
            run = self.stage.runs.find(run_id)
        except LookupError:
            return None
        fits = hmac.compare_digest(run.secret("session").encode(), proof.encode())
        return run if fits and run.realm.name == self.realm.name else None

    @property
    def walked(self) -> bool:
        """Whether a learner walks this session step by step; in the sandbox the client goes on by itself."""
        return self.session is not None and self.session.id == self.realm.name


@check("", "an answer in a browser that asked nothing", rfc="6749#section-10.12", of="photoprint_session")
def session_is_known(ask: ClientAsk) -> Finding:
    """The answer must reach the browser that asked. One that never came here to print has nothing to call back
    about."""
    if ask.session is None:
        return failed(expected="the session cookie of a print order", got="none that fits")
    return passed()


@check("", "an answer to a question that the client did not ask", rfc="6749#section-10.12", defence=True, of="state")
def state_is_mine(ask: ClientAsk) -> Finding:
    """Anybody can make Alice’s browser open this address, with a code of their own in it. Only an answer to my
    question has my state."""
    assert ask.session
    return expect(ask.session.secret("state"), ask.query.get("state"), "The one I sent.", nothing="no state")


@check("", "a second answer to the same order", rfc="6749#section-10.12", defence=True, of="photoprint_session")
def question_is_open(ask: ClientAsk) -> Finding:
    """One question has one answer. A second one, even with the right state, is a replay, or somebody else’s code."""
    assert ask.session
    heard = (authorization_code.callback.name, authorization_code.hear_no.name)
    answers = [each for each in ask.session.walked if each.step in heard]
    if any(not each.refused for each in answers):
        return failed(expected="the first answer to my question", got="another one, after it was answered")
    return passed("It had no answer yet.")


@check("", "an answer of a server that was not asked", rfc="9207#section-2.4", defence=True, of="iss")
def iss_is_whom_i_asked(ask: ClientAsk) -> Finding:
    """A client with two authorization servers must not take a code of the one to the other. The answer says whose it
    is."""
    return expect(ask.realm.metadata["issuer"], ask.query.get("iss"), "The server I asked.", nothing="no iss")


@check("", "an answer with neither a code nor an error", rfc="6749#section-4.1.2")
def code_or_error_came_back(ask: ClientAsk) -> Finding:
    """The answer is a code to trade for a token, or the reason why there is none."""
    if "error" in ask.query:
        return passed(f"The answer is no: {ask.query['error']}.")
    return passed("A code.") if "code" in ask.query else failed(expected="a code or an error", got="neither")


RECEIVE_ANSWER = [
    parameters_are_text,
    no_parameter_is_repeated,
    session_is_known,
    state_is_mine,
    question_is_open,
    iss_is_whom_i_asked,
    code_or_error_came_back,
]

# What the shop tells Alice. Why, to the letter, is in the checklist; she could do nothing with it.
_WORDS = {
    "session_is_known": ("We do not know this order", "No print order was begun in this browser, so we did nothing."),
}
_OTHERWISE = (
    "This answer cannot be trusted",
    "We cannot tell that it belongs to your order, so we did nothing with it.",
)


def make_app(templates: Path, stage: Stage) -> Flask:
    """The shop: /, /print, /callback, /prints; and its two apps, each one page and a script: /app, /2012."""
    app = make_party(__name__, templates)

    @app.get("/")
    def welcome() -> Response:
        ask = ClientAsk(stage)
        return make_response(render_template("client/home.html", print_url=f"{ask.realm.address('client')}/print"))

    @app.get("/print")
    def start() -> Response:
        """Open a session and send the browser to the authorization server with the question."""
        ask = ClientAsk(stage)
        run = stage.runs.run_of_realm(ask.realm) or stage.runs.start_in(ask.realm, "authorization_code")
        if not run.flow.has(authorization_code.ask_for_prints.name):
            abort(404, "In this walk the client is another program, and nothing is printed here.")
        question = authorization_code.authorization_request(run.seen_by("client"))
        answer = go_to(question)
        address = ask.realm.address("client")
        path = "/" + address.split("/", 3)[3]
        cookie = f"{run.id}.{run.secret('session')}"
        answer.set_cookie(SESSION_COOKIE, cookie, path=path, httponly=True, samesite="Lax")
        return answer

    @app.get("/callback")
    def receive_answer() -> Response:
        """Decide whether this answers a question of ours; then take the code out of the address bar."""
        ask = ClientAsk(stage)
        refused = decide(RECEIVE_ANSWER, ask)
        said_no = "error" in ask.query
        if ask.session and not ask.walked and not refused:  # what it goes on with, and nobody else records
            step = authorization_code.hear_no if said_no else authorization_code.callback
            ask.environ |= {"tokenwalk.run": ask.session, "tokenwalk.step": step}
        if refused:
            return _refused(ask, refused.check.status, *_WORDS.get(refused.check.name, _OTHERWISE))
        if said_no:
            no = ask.query["error"] == "access_denied"
            title = "You did not allow it" if no else "Snapbox refused to be asked"
            return _refused(ask, 200, title, "So we have not looked at your photos, and nothing was printed.")
        return go_to(f"{ask.realm.address('client')}/prints")

    @app.get("/prints")
    def show_prints() -> Response:
        """Play those of the client's own steps that nobody has played yet, and show what came of them."""
        ask = ClientAsk(stage)
        if refused := decide([session_is_known], ask):
            return _refused(ask, refused.check.status, *_WORDS[refused.check.name])
        assert ask.session
        run = ask.session if ask.walked else stage.play_client(ask.session)
        try:
            photos = run.seen_by("client").answer_to(authorization_code.fetch_photos).json["photos"]
        except (NotSeen, KeyError):
            return _refused(ask, 409, "Snapbox did not give us the photos", "The order can be started again.")
        return make_response(render_template("client/prints.html", photos=photos))

    @app.get("/app")
    def single_page_app() -> Response:
        return _app("photoprint-spa", "photoprint-spa.js", "Your photos, printed from your browser")

    @app.get("/2012")
    def app_of_2012() -> Response:
        return _app("photoprint-2012", "photoprint-2012.js", "Now in your browser: new for 2012")

    @app.after_request
    def add_headers(answer: Response) -> Response:
        if answer.mimetype == "text/html":
            for name, value in PAGE_HEADERS.items():
                answer.headers.setdefault(name, value)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app


def _app(client_id: str, script: str, motto: str) -> Response:
    """A page that is the same for everybody; the script in it is the client, and may call Snapbox's two servers."""
    ask = Asked(request)
    realm = ask.realm
    photos_url = f"{realm.address('resource_server')}/photos"
    answer = make_response(
        render_template(
            "client/app.html",
            client=realm.clients[client_id],
            metadata=realm.metadata,
            photos_url=photos_url,
            script=script,
            motto=motto,
        )
    )
    calls = " ".join("/".join(url.split("/")[:3]) for url in (realm.issuer, photos_url))
    policy = f"{PAGE_HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src {calls}"
    answer.headers["Content-Security-Policy"] = policy
    return answer


def _refused(ask: ClientAsk, status: int, title: str, says: str) -> Response:
    start_url = f"{ask.realm.address('client')}/print"
    page = render_template("client/refused.html", title=title, says=says, error=None, start_url=start_url)
    return make_response(page, status)
