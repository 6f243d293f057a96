"""The one store: tables, and the transaction that a step is.

SQLAlchemy Core; SQLite by default, PostgreSQL by DATABASE_URL, one code path. A transaction inside another joins it, so
that what a party writes and what is recorded of it commit together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.exc import OperationalError

SCHEMA = 2
metadata = MetaData()

realms = Table(
    "realm",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("authority", String(200), nullable=False),
    Column("by_host", Integer, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("clock", BigInteger),
    Column("alg", String(10), nullable=False),
    Column("switched_off", JSON, nullable=False),
    Column("opaque", Integer, nullable=False),
    Column("api_skew", Integer, nullable=False),
)


def _in_realm() -> Column[Any]:
    return Column("realm", ForeignKey("realm.name", ondelete="CASCADE"), primary_key=True)


def _given() -> list[Column[Any]]:
    """What a token is for, to whom it was given, and for how long."""
    return [
        Column("family", String(60), nullable=False),
        Column("client_id", String(60), nullable=False),
        Column("sub", String(60), nullable=False),
        Column("scope", Text, nullable=False),
        Column("issued_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    ]


signing_keys = Table(
    "signing_key",
    metadata,
    _in_realm(),
    Column("kid", String(60), primary_key=True),
    Column("alg", String(10), nullable=False),
    Column("private_key", Text, nullable=False),
)
sessions = Table(
    "session",
    metadata,
    _in_realm(),
    Column("id", String(60), primary_key=True),
    Column("username", String(60)),
    Column("made_at", BigInteger, nullable=False),
)
authorization_requests = Table(
    "authorization_request",
    metadata,
    _in_realm(),
    Column("id", String(60), primary_key=True),
    Column("session", String(60), nullable=False),
    Column("query", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
)
codes = Table(
    "code",
    metadata,
    _in_realm(),
    Column("code", String(60), primary_key=True),
    Column("client_id", String(60), nullable=False),
    Column("username", String(60), nullable=False),
    Column("redirect_uri", Text),
    Column("scope", Text, nullable=False),
    Column("code_challenge", String(128)),
    Column("code_challenge_method", String(10)),
    Column("family", String(60), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
access_tokens = Table(
    "access_token",
    metadata,
    _in_realm(),
    Column("jti", String(60), primary_key=True),
    *_given(),
    Column("revoked_at", BigInteger),
)
refresh_tokens = Table(
    "refresh_token",
    metadata,
    _in_realm(),
    Column("refresh_token", String(60), primary_key=True),
    *_given(),
    Column("used_at", BigInteger),
)
families = Table(
    "family",
    metadata,
    _in_realm(),
    Column("id", String(60), primary_key=True),
    Column("revoked_at", BigInteger),
)
wrong_guesses = Table(
    "wrong_guess",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("realm", ForeignKey("realm.name", ondelete="CASCADE"), nullable=False),
    Column("account", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)
photos = Table(
    "photo",
    metadata,
    _in_realm(),
    Column("id", String(60), primary_key=True),
    Column("owner", String(60), nullable=False),
    Column("title", String(200), nullable=False),
    Column("taken", String(10), nullable=False),
)
runs = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("realm", ForeignKey("realm.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("flow", String(40), nullable=False),
    Column("options", JSON, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("shared", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
)
exchanges = Table(
    "exchange",
    metadata,
    Column("run", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("step", String(60)),
    Column("sender", String(30), nullable=False),
    Column("receiver", String(30), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("edits", JSON, nullable=False),
    Column("prepared", LargeBinary),
    Column("response", LargeBinary, nullable=False),
    Column("checks", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("microseconds", Integer, nullable=False),
    Column("within", Integer),
)
Index("wrong_guess_account", wrong_guesses.c.realm, wrong_guesses.c.account, wrong_guesses.c.at)
Index("code_family", codes.c.realm, codes.c.family)


class Store:
    """A database and the transaction that the present thread is in, if any."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url)
        self._current: ContextVar[Connection | None] = ContextVar("connection", default=None)
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)
        self._make_tables()

    def _make_tables(self, tries: int = 10) -> None:
        """Make what is missing. Of several that begin on one new file, SQLite may turn some away without waiting."""
        try:
            with self.transaction() as connection:
                metadata.create_all(connection)
        except OperationalError:
            if tries == 1:
                raise
            self._make_tables(tries - 1)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All that is written inside commits together, or not at all; inside another one it joins that one.

        There are no savepoints, which would double the cost of a step: whoever catches an error raised inside must let
        the outermost transaction fail.
        """
        outer = self._current.get()
        if outer is not None:
            yield outer
            return
        with self.engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            token = self._current.set(connection)
            try:
                with connection.begin():
                    yield connection
            finally:
                self._current.reset(token)

    @property
    def is_writing(self) -> bool:
        """Whether this thread is in a transaction, which may still fail."""
        return self._current.get() is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from: the transaction's where there is one, so that it sees its own writes."""
        outer = self._current.get()
        if outer is not None:
            yield outer
            return
        with self.engine.connect() as connection:
            yield connection


def default_url(folder: Path) -> str:
    """The SQLite file of a clone; a new schema gets a new file."""
    folder.mkdir(exist_ok=True)
    return f"sqlite:///{folder / f'tokenwalk-{SCHEMA}.sqlite3'}"


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A reader that began IMMEDIATE would wait for writers; a writer that did not could not be upgraded.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
