"""Our own pages as a Flask application: who may move a run, what headers a page carries, how prose is written."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from flask import Flask, Request, Response, make_response, render_template, request
from markupsafe import Markup, escape
from werkzeug.exceptions import Forbidden, HTTPException, NotFound

from flows import sections
from flows.followed import FOLLOWED
from flows.pages import (
    bearer,
    bit_by_bit,
    breaking,
    change,
    compare,
    decoder,
    home,
    making,
    present,
    runs,
    sandbox,
    use,
    what_is_a_jwt,
    world,
)
from flows.pages.cast import cast, the
from flows.pages.token_panel import distance
from flows.stage import Stage
from flows.story import PARTIES

HTMX = "htmx-4.0.1.min.js"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def make_app(templates: Path, static: Path, stage: Stage) -> Flask:
    """Home, the flows, the runs and the sandbox's page."""
    app = Flask(__name__, template_folder=str(templates), static_folder=str(static))
    app.request_class = KeptInMemory
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.url_map.merge_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"prose": prose, "rfc": rfc, "capitalize_first": capitalize_first}
    app.jinja_env.globals |= {"PARTIES": PARTIES, "HTMX": HTMX, "the": the, "cast": cast}
    app.jinja_env.globals |= {"distance": distance, "clock_face": world.clock_face, "LATER": world.LATER}

    @app.context_processor
    def whole_or_part() -> dict[str, str]:
        """htmx gets the main part of a page; a projector gets every page large."""
        part = request.headers.get("HX-Request") == "true"
        return {"base": "partial.html" if part else "base.html", "presenting": present.presenting()}

    for part in (
        home,
        runs,
        change,
        world,
        use,
        bearer,
        what_is_a_jwt,
        decoder,
        breaking,
        bit_by_bit,
        making,
        compare,
        present,
        sandbox,
    ):
        app.register_blueprint(part.pages(stage))

    @app.get("/favicon.ico")
    def icon() -> Response:
        """Browsers ask for it on the parties' hosts too, whose pages name no icon."""
        return app.send_static_file("icon.svg")

    @app.before_request
    def only_our_pages_may_post() -> None:
        if request.method not in ("GET", "HEAD", "OPTIONS") and not came_from_us():
            raise Forbidden("This form did not come from a page of this Tokenwalk, so nothing was done.")

    @app.after_request
    def add_headers(answer: Response) -> Response:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if "Allow" in answer.headers:
            answer.headers["Allow"] = ", ".join(sorted(answer.allow))
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "no-store"
            answer.headers["Vary"] = "HX-Request, Cookie"
        return answer

    @app.errorhandler(HTTPException)
    def say_what_is_wrong(error: HTTPException) -> Response:
        code = error.code or 500
        says = error.description or error.name
        if says == NotFound.description:
            says = "There is no page at this address. The flows are on the first page."
        elif code == 413:
            says = "What was sent is larger than any form of ours."
        elif code == 500:
            says = "A fault of ours. What was recorded is kept; try the same again, or start a new run."
        answer = make_response(render_template("problem.html", code=code, name=error.name, says=says), code)
        for name, value in error.get_headers(request.environ):
            if name == "Allow":
                answer.headers[name] = value
        return answer

    return app


class KeptInMemory(Request):
    """What is posted is never written to a file, not even for a moment: it may be a private key."""

    def _get_file_stream(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO()


def came_from_us() -> bool:
    """Whether a browser says that this request comes from a page of the same origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def capitalize_first(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=2048)
def prose(text: str) -> Markup:
    """Plain text to HTML: blank lines part paragraphs' text, `names` become code, followed names a chip."""
    pieces = str(escape(" ".join(text.split()))).split("`")
    for place in range(1, len(pieces), 2):
        name = pieces[place]
        style = f' class="chip v-{name}"' if name in FOLLOWED else ""
        pieces[place] = f"<code{style}>{name}</code>"
    return Markup("".join(pieces))


@lru_cache(maxsize=2048)
def rfc(citation: str, short: bool = False) -> Markup:
    """A link to a section of a specification, its heading as title."""
    return Markup('<a class="rfc" href="{}">{}</a>').format(sections.link(citation), sections.label(citation, short))
