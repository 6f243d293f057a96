"""Guesses: how many wrong passwords, or client secrets, are taken for one account in a minute."""

from __future__ import annotations

import time

from sqlalchemy import select

from flows.asked import Asked
from flows.checks import Finding, failed, passed
from flows.realm import Realm
from flows.store import wrong_guesses

MOST, WITHIN = 10, 60  # wrong ones, in seconds of the wall clock: a guesser does not wait for a story's clock


def was_wrong(realm: Realm, account: str) -> None:
    """Write down a wrong guess for an account, "username alice" or "client_id photoprint", whether or not it exists."""
    row = {"realm": realm.name, "account": account[:200], "at": time.time_ns() // 1_000_000}
    with realm.store.transaction() as connection:
        connection.execute(wrong_guesses.insert(), row)


def seconds_to_wait(realm: Realm, account: str) -> int:
    """Until the account may be tried again; 0 where it may be now."""
    now = time.time_ns() // 1_000_000
    mine = select(wrong_guesses.c.at).where(
        wrong_guesses.c.realm == realm.name,
        wrong_guesses.c.account == account[:200],
        wrong_guesses.c.at > now - WITHIN * 1000,
    )
    with realm.store.reading() as connection:
        last = list(connection.scalars(mine.order_by(wrong_guesses.c.at.desc()).limit(MOST)))
    return -(-(last[-1] + WITHIN * 1000 - now) // 1000) if len(last) == MOST else 0


def may_be_tried(ask: Asked, account: str, name: str, what: str) -> Finding:
    """Whether another guess is taken. In a replay, where the wall clock stands still, it is as it was: `name` is the
    check that asks."""
    replayed = ask.environ.get("tokenwalk.replay")
    wait = seconds_to_wait(ask.realm, account)
    if replayed and replayed != name:
        return passed("As it was the first time.")
    if wait or replayed:
        return failed(expected=f"at most {MOST} wrong {what} in {WITHIN} s", got=f"more; try again in {wait or 1} s")
    return passed()
