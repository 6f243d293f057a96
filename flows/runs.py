"""The runs that a store keeps: begun, found again, added to, forgotten after a week."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select

from flows.checks import Verdict
from flows.edit import Edit
from flows.grants import FLOWS
from flows.options import SKEWS
from flows.realm import SANDBOX, Realm, make_realm, realm_of
from flows.run import Exchange, Run
from flows.store import (
    Store,
    access_tokens,
    authorization_requests,
    codes,
    exchanges,
    realms,
    refresh_tokens,
    runs,
    sessions,
    wrong_guesses,
)

KEPT_FOR = 7 * 24 * 3600  # an untouched run lives a week
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that look alike


_RUN = (
    select(
        realms,
        runs.c.id,
        runs.c.flow,
        runs.c.options,
        runs.c.owner,
        runs.c.shared,
        runs.c.touched_at,
        runs.c.seed.label("run_seed"),
    )
    .join(realms, realms.c.name == runs.c.realm)
    .where(runs.c.id == bindparam("run"))
)
_EXCHANGES = (
    select(exchanges)
    .where(exchanges.c.run == bindparam("run"), exchanges.c.position >= bindparam("known"))
    .order_by(exchanges.c.position)
)
_REMEMBERED = 256  # runs whose exchanges are kept in memory too


class Runs:
    """Every run of a store; `authority` is the host and port that the addresses of new realms have."""

    def __init__(self, store: Store, authority: str) -> None:
        self.store = store
        self.authority = authority
        self._remembered: OrderedDict[str, tuple[Exchange, ...]] = OrderedDict()
        self._held: ContextVar[Run | None] = ContextVar("held", default=None)
        self._lock = Lock()

    def start(
        self, flow: str, options: Mapping[str, str], owner: str, seed: bytes | None = None, *, shared: bool = False
    ) -> str:
        """A new run in a realm of its own, which the options make; its id. ValueError for a choice that there is
        not."""
        self._forget_old()
        name = "".join(secrets.choice(_LETTERS) for _ in range(8))
        seed = seed or secrets.token_bytes(32)
        chosen = FLOWS[flow].choose(options)
        with self.store.transaction():
            make_realm(
                self.store,
                name,
                self.authority,
                by_host=True,
                seed=seed,
                clock=int(time.time()),
                alg=chosen.get("alg", "ES256"),
                switched_off=FLOWS[flow].defences_off(chosen),
                opaque=chosen.get("token") == "opaque",
                api_skew=SKEWS[chosen.get("api_clock", "right")],
            )
            self._write_run(name, name, flow, chosen, seed, owner, shared)
        return name

    def start_in(self, realm: Realm, flow: str) -> Run:
        """A new session of the realm's own client: a run like any other, that nobody walks."""
        name = secrets.token_hex(12)
        with self.store.transaction():
            self._write_run(name, realm.name, flow, {}, secrets.token_bytes(32), "", False)
        return self.find(name)

    def _write_run(
        self, name: str, realm: str, flow: str, options: Mapping[str, str], seed: bytes, owner: str, shared: bool
    ) -> None:
        with self.store.transaction() as connection:
            connection.execute(
                runs.insert().values(
                    id=name,
                    realm=realm,
                    flow=flow,
                    options=dict(options),
                    seed=seed,
                    owner=hash_of(owner),
                    shared=int(shared),
                    made_at=time.time_ns(),
                    touched_at=int(time.time()),
                )
            )

    def find(self, run_id: str) -> Run:
        """The run with that id; LookupError where there is none."""
        if not run_id.isalnum() or not run_id.isascii():
            raise LookupError(f"there is no run {run_id[:40]!r}")
        held = self._held.get()
        known = held.exchanges if held and held.id == run_id else self._remembered.get(run_id, ())
        with self.store.reading() as connection:
            row = connection.execute(_RUN, {"run": run_id}).one_or_none()
            if row is None:
                raise LookupError(f"there is no run {run_id}")
            recorded = connection.execute(_EXCHANGES, {"run": run_id, "known": len(known)}).all()
        run = Run(
            row.id,
            realm_of(self.store, row),
            FLOWS[row.flow].under(row.options),
            row.run_seed,
            row.owner,
            bool(row.shared),
            row.touched_at,
            known + tuple(_exchange(each) for each in recorded),
        )
        return self.remember(run)

    @contextmanager
    def holding(self, run: Run) -> Iterator[None]:
        """While this thread sends a step of a run: whoever finds it reads only what was recorded since."""
        token = self._held.set(run)
        try:
            yield
        finally:
            self._held.reset(token)

    def remember(self, run: Run) -> Run:
        """Keep what a run has recorded in memory, so that only what is new is read again; the run itself.

        Exchanges are never changed once they are committed; what a transaction has not committed yet is not kept.
        """
        if not self.store.is_writing and len(run.exchanges) > len(self._remembered.get(run.id, ())):
            with self._lock:
                self._remembered[run.id] = run.exchanges
                self._remembered.move_to_end(run.id)
                while len(self._remembered) > _REMEMBERED:
                    self._remembered.popitem(last=False)
        return run

    def owner_of(self, run_id: str) -> str:
        """The hash of whose run it is; LookupError where there is none."""
        with self.store.reading() as connection:
            owner: str | None = connection.scalar(select(runs.c.owner).where(runs.c.id == run_id))
        if owner is None:
            raise LookupError(f"there is no run {run_id}")
        return owner

    def run_of_realm(self, realm: Realm) -> Run | None:
        """The one run that a realm was made for; None for the sandbox."""
        try:
            return None if realm.name == SANDBOX else self.find(realm.name)
        except LookupError:
            return None

    def last_of(self, owner: str, flow: str | None = None) -> Run | None:
        """The run that this browser touched last, of one flow or of any; None without one."""
        if not owner:
            return None
        mine = select(runs.c.id).where(runs.c.owner == hash_of(owner))
        if flow:
            mine = mine.where(runs.c.flow == flow)
        with self.store.reading() as connection:
            run_id = connection.scalar(mine.order_by(runs.c.touched_at.desc(), runs.c.made_at.desc()).limit(1))
        return self.find(run_id) if run_id else None

    @contextmanager
    def moving(self, run_id: str) -> Iterator[Connection]:
        """A transaction in which nobody else moves the run: SQLite has one writer at a time, others lock the row."""
        with self.store.transaction() as connection:
            connection.execute(select(runs.c.id).where(runs.c.id == run_id).with_for_update())
            yield connection

    def add(self, run: Run, made: Exchange) -> Run:
        """Write an exchange at the end of a run, whatever its position says; the run with it."""
        with self.moving(run.id) as connection:
            # Counted anew: what was sent may have made the client send, and record, something itself.
            position = connection.scalar(select(func.count()).where(exchanges.c.run == run.id)) or 0
            made = replace(made, position=position)
            connection.execute(exchanges.insert(), {"run": run.id, **_row(made)})
        if position == len(run.exchanges):
            return replace(run, exchanges=(*run.exchanges, made))
        return self.find(run.id)

    def went_on(self, run: Run) -> Run:
        """Write that a step was sent: the run was touched, and its realm's clock, if it has one, is a second on."""
        with self.store.transaction() as connection:
            connection.execute(runs.update().where(runs.c.id == run.id), {"touched_at": int(time.time())})
        return self.later(run, 1)

    def move_clock(self, run_id: str, seconds: int) -> None:
        """Let that many seconds pass in a run's realm."""
        with self.moving(run_id):
            self.later(self.find(run_id), seconds)

    def later(self, run: Run, seconds: int) -> Run:
        """The run after that many seconds have passed in its realm, which is written too."""
        if not seconds or run.realm.clock is None:
            return run
        clock = run.realm.clock + seconds
        with self.store.transaction() as connection:
            connection.execute(realms.update().where(realms.c.name == run.realm.name), {"clock": clock})
        return replace(run, realm=replace(run.realm, clock=clock))

    def _forget_old(self) -> None:
        before = int(time.time()) - KEPT_FOR
        old = select(runs.c.realm).where(runs.c.touched_at < before, runs.c.realm != SANDBOX)
        with self.store.transaction() as connection:
            connection.execute(delete(realms).where(realms.c.name.in_(old)))
            connection.execute(delete(runs).where(runs.c.touched_at < before))
            for made in (sessions, authorization_requests):
                connection.execute(delete(made).where(made.c.realm == SANDBOX, made.c.made_at < before))
            for lasting in (codes, access_tokens, refresh_tokens):
                connection.execute(delete(lasting).where(lasting.c.realm == SANDBOX, lasting.c.expires_at < before))
            connection.execute(delete(wrong_guesses).where(wrong_guesses.c.at < before * 1000))


def hash_of(owner: str) -> str:
    """What is kept of the cookie that says whose run it is; "" belongs to nobody."""
    return hashlib.sha256(owner.encode()).hexdigest() if owner else ""


def _row(made: Exchange) -> dict[str, Any]:
    return {
        "position": made.position,
        "step": made.step,
        "sender": made.sender,
        "receiver": made.receiver,
        "request": made.request_bytes,
        "response": made.response_bytes,
        "checks": [vars(verdict) for verdict in made.verdicts],
        "at": made.at,
        "microseconds": made.microseconds,
        "edits": [vars(edit) for edit in made.edits],
        "prepared": made.prepared_bytes,
        "within": made.within,
    }


def _exchange(row: Row[Any]) -> Exchange:
    return Exchange(
        row.position,
        row.step,
        row.sender,
        row.receiver,
        row.request,
        row.response,
        tuple(_verdict(each) for each in row.checks),
        row.at,
        row.microseconds,
        tuple(Edit(**each) for each in row.edits),
        row.prepared,
        row.within,
    )


def _verdict(kept: dict[str, Any]) -> Verdict:
    return Verdict(**kept | {"saw": tuple((text, value) for text, value in kept.get("saw", ()))})
