"""Whose browser this is: a secret cookie, of which the store keeps a hash. It lets a browser move its own runs."""

from __future__ import annotations

import secrets

from flask import Response, request

COOKIE = "tokenwalk"


def owner() -> str:
    """The cookie's value; "" where this browser has none yet."""
    return request.cookies.get(COOKIE, "")


def make_owner() -> str:
    return owner() or secrets.token_urlsafe(24)


def remember(answer: Response, value: str) -> None:
    """Keep the cookie for a week, as long as an untouched run lives."""
    answer.set_cookie(COOKIE, value, max_age=7 * 24 * 3600, httponly=True, samesite="Lax")
