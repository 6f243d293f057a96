"""The authorization code flow, walked in process: what crosses, and what it says."""

from __future__ import annotations

from conftest import walk

from flows.stage import Stage


def test_code_flow_is_walked_to_its_end_in_nine_exchanges(stage: Stage) -> None:
    run = walk(stage)
    assert [exchange.step for exchange in run.exchanges] == [
        "ask_for_prints", "ask_to_authorize", "log_in", "ask_as_alice", "approve",
        "callback", "redeem_code", "fetch_photos", "see_prints",
    ]  # fmt: skip
    assert [exchange.response.status for exchange in run.exchanges] == [303, 200, 303, 200, 303, 303, 200, 200, 200]
