"""Every parameter, header and form field of every step is left out, doubled and changed, and the page tells."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from flows import wire
from flows.checks import CHECKS
from flows.edit import FIELDS, Edit, Edits, fields_of, twice, with_other, without
from flows.entry import Entry
from flows.grants.authorization_code import flow
from flows.run import Run, Step
from flows.stage import Stage

CHANGES = {"left out": without, "twice": twice, "changed": with_other}
OUTCOMES = Path(__file__).with_name("every_change.txt")


def outcomes() -> dict[tuple[str, str, str], str]:
    """What each change comes to, by step, field and change: a check's name, "nobody", a status, or a sentence."""
    found = {}
    for line in OUTCOMES.read_text().splitlines():
        if line and not line.startswith("#"):
            step, field, change, outcome = (part.strip() for part in line.split("|"))
            found[step, field, change] = outcome
    return found


def before(stage: Stage, step: Step) -> Run:
    """A run in which that step is the next."""
    run = stage.runs.find(stage.runs.start("authorization_code", {}, "me"))
    wanted = "deny" if step.name in ("deny", "hear_no") else "approve"
    while step.name not in {each.name for each in run.next_steps}:
        chosen = next((each for each in run.next_steps if each.name == wanted), run.next_steps[0])
        run = stage.send(run.id, chosen.name, len(run.walked))
    return run


def told_by_the_page(entry: Entry, run: Run, step: Step) -> str:
    """What a person reads on the page of a step that was sent: the check that refused, or that nobody minded."""
    page = Client(entry).get(f"/runs/{run.id}?step={run.flow.number(step.name)}").text
    heading = re.search(r'<h2 id="step".*?</h2>', page, re.DOTALL)
    assert heading
    said = " ".join(unescape(re.sub("<[^>]+>", "", heading[0])).split())
    refused = re.search(r'<li class="failed" id="check\.(\w+)">', page)
    if refused:
        assert said == f"Refused: {CHECKS[refused[1]].refuses.replace('`', '')}"
        assert re.search(rf'noticed: the check <a href="#check.{refused[1]}">', page)
        assert 'id="refused-here"' in page
        return refused[1]
    told = re.search(r'<p class="nobody">(.*?)</p>', page, re.DOTALL)
    assert told
    assert said == step.title
    if "Nobody minded:" in told[1]:
        return "nobody"
    before_any = re.search(r"answered (\d+) ", told[1])
    assert before_any
    return f"answered {before_any[1]}"


def outcome(entry: Entry, step: Step, edits: Edits) -> str:
    stage = entry.stage
    run = before(stage, step)
    prepared = stage.prepare(run, step)
    try:
        stage.send(run.id, step.name, len(run.walked), edits(prepared))
    except wire.NotHTTP as error:
        assert stage.runs.find(run.id).exchanges == run.exchanges
        return f"not sent: {re.split('[:,(]', str(error))[0].strip()}"
    return told_by_the_page(entry, stage.runs.find(run.id), step)


@pytest.mark.parametrize("step", flow.steps, ids=lambda step: step.name)
def test_whatever_is_done_to_a_field_the_page_names_the_check_or_says_that_nobody_minded(
    entry: Entry, step: Step
) -> None:
    prepared = entry.stage.prepare(before(entry.stage, step), step)
    came = {}
    for where in FIELDS:
        for name in dict(fields_of(prepared, where)):
            for change, make in CHANGES.items():
                came[step.name, f"{where} {name}", change] = outcome(entry, step, make(where, name))
    assert came == {key: value for key, value in outcomes().items() if key[0] == step.name}


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
names = st.sampled_from(["code", "state", "Host", "Cookie", "Content-Length", "Authorization", "scope"]) | texts
octets = st.binary(max_size=30).map(lambda raw: raw.decode("latin-1"))  # what a header is made of
fields = st.builds(Edit, st.sampled_from(["query", "form"]), names, st.none() | texts, st.integers(0, 2))
headers = st.builds(Edit, st.just("header"), names.filter(str.isascii) | octets, st.none() | octets, st.integers(0, 2))
lines = st.builds(Edit, st.sampled_from(["method", "path"]), st.just(""), octets)
places = st.permutations(range(4)).map(lambda order: " ".join(map(str, order)))
orders = st.builds(Edit, st.just("order"), st.sampled_from(FIELDS), places)
raws = st.builds(Edit, st.just("raw"), st.just(""), texts)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(flow.steps), st.lists(fields | headers | lines | orders | raws, min_size=1, max_size=4))
def test_whatever_is_changed_a_party_answers_or_a_sentence_says_why_not_and_the_run_goes_on(
    entry: Entry, step: Step, changes: list[Edit]
) -> None:
    stage = entry.stage
    run = before(stage, step)
    try:
        sent = stage.send(run.id, step.name, len(run.walked), changes)
    except wire.NotHTTP:
        sent = stage.runs.find(run.id)
        assert sent.exchanges == run.exchanges
    else:
        assert 200 <= sent.walked[-1].response.status < 500
        assert told_by_the_page(entry, sent, step)
    again = stage.send(run.id, step.name, len(sent.walked))
    assert 200 <= again.walked[-1].response.status < 500
