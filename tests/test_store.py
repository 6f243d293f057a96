"""The store: one step is one transaction, and a nested one joins it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import walk
from sqlalchemy import func, select, update

from app import create_app
from flows.entry import Entry
from flows.realm import find_realm, make_realm, sandbox
from flows.runs import KEPT_FOR
from flows.stage import Broken, Stage
from flows.store import Store, codes, exchanges, realms, runs


def test_nested_transaction_commits_with_the_outer_one_or_not_at_all(entry: Entry) -> None:
    store = entry.stage.runs.store

    def make_and_stop() -> None:
        with store.transaction():
            make_realm(store, "inner", "localhost:1", by_host=False)
            assert find_realm(store, "inner") is not None
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        make_and_stop()
    assert find_realm(store, "inner") is None


def test_step_whose_party_breaks_leaves_nothing_behind(stage: Stage) -> None:
    run = walk(stage, until="ask_as_alice")
    working = stage.entry

    def breaks_after_writing(environ: dict[str, Any], start_response: Any) -> Any:
        working(environ, lambda *_: None)
        start_response("500 INTERNAL SERVER ERROR", [])
        return [b""]

    stage.entry = breaks_after_writing
    with pytest.raises(Broken, match="authorization_server failed at approve with 500"):
        stage.send(run.id, "approve", 4)
    with stage.runs.store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(codes).where(codes.c.realm == run.id)) == 0
        assert connection.scalar(select(func.count()).select_from(exchanges).where(exchanges.c.run == run.id)) == 4
    stage.entry = working
    assert stage.send(run.id, "approve", 4).exchanges[-1].response.status == 303


def test_readers_are_not_kept_waiting_by_a_writer(entry: Entry) -> None:
    stage = entry.stage
    run = walk(stage, until="log_in")
    with stage.runs.store.transaction() as connection, ThreadPoolExecutor(1) as other:
        connection.execute(update(runs).where(runs.c.id == run.id).values(touched_at=0))
        seen = other.submit(stage.runs.find, run.id).result(timeout=5)
        assert seen.touched_at > 0


def test_restart_keeps_runs_keys_and_the_sandbox(database_url: str) -> None:
    first = create_app(database_url, "localhost:8765").stage
    run = walk(first, until="redeem_code")
    kids = [key.kid for key in sandbox(first.runs.store).signing_keys]
    second = create_app(database_url, "localhost:9999").stage
    assert second.runs.find(run.id).exchanges == run.exchanges
    assert [key.kid for key in sandbox(second.runs.store).signing_keys] == kids
    assert sandbox(second.runs.store).issuer == "http://localhost:9999/auth/sandbox"
    assert second.runs.find(run.id).realm.issuer == f"http://auth.localhost:8765/{run.id}"
    assert second.send(run.id, "fetch_photos", 7).exchanges[-1].response.status == 200


def test_run_that_nobody_touched_for_a_week_is_forgotten(stage: Stage) -> None:
    old, young = walk(stage), walk(stage)
    with stage.runs.store.transaction() as connection:
        connection.execute(update(runs).where(runs.c.id == old.id).values(touched_at=runs.c.touched_at - KEPT_FOR - 60))
    stage.runs.start("authorization_code", {}, "me")
    with pytest.raises(LookupError):
        stage.runs.find(old.id)
    assert find_realm(stage.runs.store, old.id) is None
    assert stage.runs.find(young.id).id == young.id


def test_two_applications_on_one_new_database_make_one_sandbox(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: create_app(url, "localhost:8765"), range(4)))
    with Store(url).reading() as connection:
        assert connection.scalar(select(func.count()).select_from(realms)) == 1
    assert len({sandbox(each.stage.runs.store).signing_keys[0].kid for each in made}) == 1
