"""The authorization code flow, walked in process: what crosses, what is recorded, and what comes next."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import walk

from flows.followed import SECRETS
from flows.grants import FLOWS
from flows.grants.authorization_code import callback, fetch_photos, redeem_code
from flows.pages.sightings import kept_back, who_has_seen
from flows.pkce import s256
from flows.seen import NotSeen
from flows.stage import Stage, WentOn

flow = FLOWS["authorization_code"].under({})


def test_code_flow_is_walked_to_its_end_in_nine_exchanges(stage: Stage) -> None:
    run = walk(stage)
    assert [exchange.step for exchange in run.exchanges] == [step.name for step in flow.main_line]
    assert [exchange.response.status for exchange in run.exchanges] == [303, 200, 303, 200, 303, 303, 200, 200, 200]
    assert [exchange.refused for exchange in run.exchanges] == [None] * 9


def test_the_rfc_counts_two_requests_and_the_final_one(stage: Stage) -> None:
    run = walk(stage)
    counts = [run.flow.named(exchange.step or "").counts for exchange in run.exchanges]
    assert (counts.count("request"), counts.count("final"), len(counts)) == (2, 1, 9)


def test_the_photos_that_came_are_the_ones_alice_keeps(stage: Stage) -> None:
    run = walk(stage)
    photos = run.seen_by("client").answer_to(fetch_photos).json["photos"]
    assert [photo["title"] for photo in photos] == [
        "The lighthouse at low tide",
        "Dinah, asleep again",
        "Mountains, last light",
    ]


def test_alice_who_says_no_ends_the_story_at_the_client(stage: Stage) -> None:
    run = walk(stage, "deny")
    last = run.exchanges[-1]
    assert last.step == "hear_no"
    assert dict(last.request.query)["error"] == "access_denied"
    assert dict(last.request.query)["state"] == run.secret("state")
    assert last.refused is None
    assert last.verdicts[-1].found == "The answer is no: access_denied."
    assert last.response.status == 200
    assert run.next_steps == []


def test_password_goes_to_the_authorization_server_and_nowhere_else(stage: Stage) -> None:
    run = walk(stage)
    saw = {each.receiver for each in run.exchanges if b"wonderland" in each.request_bytes + each.response_bytes}
    assert saw == {"authorization_server"}


def test_token_never_touches_the_browser(stage: Stage) -> None:
    run = walk(stage)
    token = run.seen_by("client").answer_to(redeem_code).json["access_token"].encode()
    with_token = [each.step for each in run.exchanges if token in each.request_bytes + each.response_bytes]
    assert with_token == ["redeem_code", "fetch_photos"]


def test_code_verifier_crosses_once_and_its_challenge_went_ahead(stage: Stage) -> None:
    run = walk(stage)
    verifier = run.secret("code_verifier")
    assert [e.step for e in run.exchanges if verifier.encode() in e.request_bytes + e.response_bytes] == ["redeem_code"]
    asked = parse_qs(urlsplit(run.exchanges[0].location or "").query)
    assert asked["code_challenge"] == [s256(verifier)]


def test_s256_gives_the_challenge_of_rfc_7636_appendix_b() -> None:
    assert s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_realms_clock_moves_a_second_a_step_and_stands_still_between(stage: Stage) -> None:
    run = walk(stage)
    times = [exchange.at for exchange in run.exchanges]
    assert [time - times[0] for time in times] == list(range(9))
    assert stage.runs.find(run.id).realm.now() == times[0] + 9


def test_same_seed_says_the_same_again(stage: Stage) -> None:
    said = []
    for _ in range(2):
        run = stage.runs.find(stage.runs.start("authorization_code", {}, "me", seed=b"s" * 32))
        while run.next_steps and run.next_steps[0].name != "callback":
            run = stage.send(run.id, run.next_steps[0].name, len(run.exchanges))
        location = urlsplit(run.exchanges[-1].location or "")
        said.append({name: value for name, value in parse_qs(location.query).items() if name in ("code", "state")})
    assert said[0] == said[1]
    assert set(said[0]) == {"code", "state"}


def test_two_runs_without_a_seed_share_no_secret(stage: Stage) -> None:
    one, two = walk(stage, until="approve"), walk(stage, until="approve")
    assert one.secret("state") != two.secret("state")
    assert one.exchanges[-1].location != two.exchanges[-1].location


def test_step_reads_only_what_its_sender_has_seen(stage: Stage) -> None:
    run = walk(stage)
    with pytest.raises(NotSeen, match="callback went to client, not to browser"):
        run.seen_by("browser").received(callback)
    with pytest.raises(NotSeen, match="redeem_code was sent by client, not by browser"):
        run.seen_by("browser").answer_to(redeem_code)
    with pytest.raises(NotSeen, match="code_verifier is the client's secret"):
        run.seen_by("authorization_server").secret("code_verifier")


def test_step_out_of_its_turn_is_not_sent(stage: Stage) -> None:
    run = walk(stage, until="log_in")
    with pytest.raises(WentOn):
        stage.send(run.id, "redeem_code", len(run.exchanges))
    with pytest.raises(WentOn):
        stage.send(run.id, "ask_as_alice", len(run.exchanges) - 1)
    assert len(stage.runs.find(run.id).exchanges) == 3


def test_choices_at_the_consent_page_are_yes_and_no(stage: Stage) -> None:
    run = walk(stage, until="ask_as_alice")
    assert [step.name for step in run.next_steps] == ["approve", "deny"]


def test_who_has_seen_what_follows_from_the_recording_and_the_channels_are_apart(stage: Stage) -> None:
    run = walk(stage)

    def secrets(number: int) -> dict[str, tuple[list[str], list[str]]]:
        seen = who_has_seen(run, number)
        return {
            party: ([each for each in by["front"] if each in SECRETS], [each for each in by["back"] if each in SECRETS])
            for party, by in seen.items()
        }

    assert secrets(9) == {
        "browser": (["password", "state", "code_challenge", "code"], []),
        "client": (
            ["state", "code_challenge", "code"],
            ["code_verifier", "code", "access_token", "refresh_token", "client_secret"],
        ),
        "authorization_server": (
            ["password", "state", "code_challenge", "code"],
            ["code_verifier", "code", "access_token", "refresh_token", "client_secret"],
        ),
        "resource_server": ([], ["access_token"]),
    }
    assert secrets(1) == {
        "browser": (["state", "code_challenge"], []),
        "client": (["state", "code_challenge"], []),
        "authorization_server": ([], []),
        "resource_server": ([], []),
    }


def test_client_keeps_the_code_verifier_from_the_challenge_on_until_it_redeems(stage: Stage) -> None:
    run = walk(stage)
    assert [kept_back(run, number) for number in range(10)] == [
        [],
        *[["code_verifier"]] * 6,
        [],
        [],
        [],
    ]
