"""The benchmark still measures what it says; how fast it is, no test asserts."""

from __future__ import annotations

import bench

from flows.entry import Entry
from flows.grants.authorization_code import flow


def test_benchmark_walks_every_step_of_the_flow(entry: Entry) -> None:
    assert len(bench.walk_by_next(entry)) == len(bench.walk_by_hand(entry)) == len(flow.main_line)
