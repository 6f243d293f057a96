"""Present: every page large, for a projector, and nothing shown ahead. A cookie remembers it, and light or dark."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from flows.party import go_to
from flows.stage import Stage

COOKIE = "tokenwalk_present"
LOOKS = ("light", "dark")
OUR_OWN = re.compile(r"/(?![/\\])[!-~]*")  # an address of this host, with nothing in it that a browser would strip


def presenting() -> str:
    """The look in which this browser presents, "light" or "dark"; "" where it does not."""
    look = request.cookies.get(COOKIE, "")
    return look if look in LOOKS else ""


def pages(_: Stage) -> Blueprint:
    """/present."""
    present = Blueprint("present", __name__)

    @present.post("/present")
    def switch() -> Response:
        """Begin, leave, or change between light and dark, and go back to the page that asked."""
        to, look = request.form.get("to", "/"), request.form.get("look", "")
        answer = go_to(to if OUR_OWN.fullmatch(to) else "/")
        if look not in LOOKS:
            look = "" if presenting() else "light"
        if look:
            answer.set_cookie(COOKIE, look, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
        else:
            answer.delete_cookie(COOKIE)
        return answer

    return present
