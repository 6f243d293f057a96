"""What the three parties have in common as Flask applications: limits, plain error answers, headers of their pages."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

MOST_BYTES = 64 * 1024  # a body, far more than any honest request here

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# No form-action: Chromium would apply it to the redirect that follows the consent form.


def go_to(url: str) -> Response:
    """A redirect with 303: the browser goes there with a GET, and takes no form along (RFC 9700 §4.12)."""
    answer = nothing(303)
    answer.headers["Location"] = url
    return answer


def nothing(status: int) -> Response:
    """An answer without a body, and so without a Content-Type."""
    answer = Response(status=status)
    del answer.headers["Content-Type"]
    return answer


def make_party(name: str, templates: Path) -> Flask:
    """A Flask application that answers in plain words where a request cannot be read at all."""
    app = Flask(name, template_folder=str(templates), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False

    @app.after_request
    def allow_in_order(answer: Response) -> Response:
        if "Allow" in answer.headers:
            answer.headers["Allow"] = ", ".join(sorted(answer.allow))
        return answer

    @app.errorhandler(HTTPException)
    def plain_error(error: HTTPException) -> Response:
        says = "The request is too large." if error.code == 413 else error.description or error.name
        if request.accept_mimetypes.accept_html and not request.accept_mimetypes.accept_json:
            page = render_template("party_error.html", title=error.name, says=says)
            answer = make_response(page, error.code or 500)
        else:
            answer = make_response(jsonify(error="invalid_request", error_description=says), error.code or 500)
        for key, value in error.get_headers(request.environ):
            if key == "Allow":
                answer.headers[key] = value
        return answer

    return app
