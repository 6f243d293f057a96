"""The benchmark still measures what it says; how fast it is, no test asserts."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import bench
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from flows.entry import Entry
from flows.grants import FLOWS
from flows.pages.posted import LONGEST_TEXT
from flows.tokens import jws, keys


def test_benchmark_walks_every_step_of_the_code_flow(entry: Entry) -> None:
    steps = FLOWS["authorization_code"].under({}).main_line
    assert len(bench.walk_by_next(entry)) == len(bench.walk_by_hand(entry)) == len(steps)


@pytest.mark.parametrize("flow", FLOWS)
def test_benchmark_walks_each_flow_to_its_end(entry: Entry, flow: str) -> None:
    run = bench.walk_by_stage(entry, flow)
    assert [each.step for each in run.walked] == [step.name for step in FLOWS[flow].under({}).main_line]


@pytest.mark.parametrize("alg", keys.ALGORITHMS)
def test_bare_signature_is_the_one_that_a_token_carries(alg: str) -> None:
    key = keys.make(alg)
    signed = jws.sign({}, key, alg=alg, kid="one", typ="at+jwt").rpartition(".")[0]
    made: Any = bench.bare_signature(key.private_key, signed.encode())
    if alg == "ES256":  # cryptography writes it as DER, a JWS as two numbers (RFC 7518 §3.4)
        made = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(made))
    assert jws.signature_verifies(f"{signed}.{urlsafe_b64encode(made).rstrip(b'=').decode()}", key, alg)


@pytest.mark.parametrize("alg", keys.ALGORITHMS)
def test_benchmark_asks_for_tokens_that_are_given(entry: Entry, alg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WALKS", 1)
    monkeypatch.setattr(bench, "BATCH", 1)
    measured = bench.client_credentials(entry, alg)
    assert measured.tokens > 0
    assert measured.signatures > 0


def test_benchmark_decodes_a_token_of_1_kb_and_megabytes_of_text(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WALKS", 1)
    monkeypatch.setattr(bench, "BATCH", 1)
    monkeypatch.setattr(bench, "megabytes", lambda: {"a short text": "no token"})
    key = bench.ec.generate_private_key(bench.ec.SECP256R1())
    assert 1_000 <= len(bench.token_of_1_kb(key)) < 1_100
    measured = bench.decoding(entry)
    assert measured.bare > 0
    assert measured.partial > 0
    assert list(measured.megabytes) == ["a short text"]


def test_each_megabyte_of_the_benchmark_may_be_pasted() -> None:
    for text in bench.megabytes().values():
        assert 900_000 < len(text.encode()) <= LONGEST_TEXT
