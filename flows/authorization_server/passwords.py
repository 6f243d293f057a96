"""Passwords: whether one fits, and how many wrong ones an account takes in a minute."""

from __future__ import annotations

import hmac
import time

from sqlalchemy import select

from flows import story
from flows.asked import Asked
from flows.checks import Finding, check, failed, passed
from flows.realm import Realm
from flows.store import wrong_passwords

MOST, WITHIN = 10, 60  # wrong ones, in seconds of the wall clock: a guesser does not wait for a story's clock


def person_of(form: dict[str, str]) -> story.Person | None:
    """Whose name and password these are; None where they do not fit together."""
    person = story.PEOPLE.get(form.get("username", ""))
    expected = person.password if person else ""
    same = hmac.compare_digest(expected.encode(), form.get("password", "").encode())
    return person if same else None


def was_wrong(realm: Realm, username: str) -> None:
    """Write down that somebody tried a wrong password for that name, whether or not there is such an account."""
    row = {"realm": realm.name, "username": username[:200], "at": time.time_ns() // 1_000_000}
    with realm.store.transaction() as connection:
        connection.execute(wrong_passwords.insert(), row)


def seconds_to_wait(realm: Realm, username: str) -> int:
    """Until the account may be tried again; 0 where it may be now."""
    now = time.time_ns() // 1_000_000
    mine = select(wrong_passwords.c.at).where(
        wrong_passwords.c.realm == realm.name,
        wrong_passwords.c.username == username[:200],
        wrong_passwords.c.at > now - WITHIN * 1000,
    )
    with realm.store.reading() as connection:
        last = list(connection.scalars(mine.order_by(wrong_passwords.c.at.desc()).limit(MOST)))
    return -(-(last[-1] + WITHIN * 1000 - now) // 1000) if len(last) == MOST else 0


@check("invalid_grant", "too many wrong passwords for one account", rfc="6749#section-4.3.2", status=429, of="password")
def account_may_be_tried(ask: Asked) -> Finding:
    """Whoever may guess without end guesses right in the end. After ten wrong ones in a minute, even the right one has
    to wait."""
    wait = seconds_to_wait(ask.realm, ask.form.get("username", ""))
    if wait:
        return failed(expected=f"at most {MOST} wrong passwords in {WITHIN} s", got=f"more; try again in {wait} s")
    return passed()
