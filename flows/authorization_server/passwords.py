"""Passwords: whether one fits, and whether one more may be tried."""

from __future__ import annotations

import hmac

from flows import story
from flows.asked import Asked
from flows.authorization_server.guesses import may_be_tried
from flows.checks import Finding, check


def person_of(form: dict[str, str]) -> story.Person | None:
    """Whose name and password these are; None where they do not fit together."""
    person = story.PEOPLE.get(form.get("username", ""))
    expected = person.password if person else ""
    same = hmac.compare_digest(expected.encode(), form.get("password", "").encode())
    return person if same else None


def account_of(form: dict[str, str]) -> str:
    """What wrong passwords are counted by."""
    return f"username {form.get('username', '')}"


@check("invalid_grant", "too many wrong passwords for one account", rfc="6749#section-4.3.2", status=429, of="password")
def account_may_be_tried(ask: Asked) -> Finding:
    """Whoever may guess without end guesses right in the end. After ten wrong ones in a minute, even the right one has
    to wait."""
    return may_be_tried(ask, account_of(ask.form), "account_may_be_tried", "passwords")
