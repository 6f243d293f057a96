"""Every parameter, header and form field of every step is left out, doubled and changed, and the page tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import STEPS, run_before, undone
from werkzeug.test import Client

from app import create_app
from flows import wire
from flows.checks import CHECKS
from flows.edit import FIELDS, Edit, Edits, fields_of, twice, with_other, without
from flows.entry import Entry
from flows.flow import Step
from flows.run import Run

CHANGES = {"left out": without, "twice": twice, "changed": with_other}
Before = Callable[[str, str], Run]
OUTCOMES = Path(__file__).with_name("every_change.txt")


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """One application for all of them: each step has a run of its own."""
    return create_app(f"sqlite:///{tmp_path_factory.mktemp('changes') / 'tokenwalk.sqlite3'}", "localhost:8765")


@pytest.fixture(scope="module")
def before(entry: Entry) -> Before:
    """Story and step → a run in which that step can be sent."""
    return cache(partial(run_before, entry.stage))


def outcomes() -> dict[tuple[str, str, str, str], str]:
    """What each change comes to, by story, step, field and change: a check's name, "nobody", a status, a sentence."""
    found = {}
    for line in OUTCOMES.read_text().splitlines():
        if line and not line.startswith("#"):
            story, step, field, change, outcome = (part.strip() for part in line.split("|"))
            found[story, step, field, change] = outcome
    return found


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
    told = " ".join(re.findall(r'<p class="nobody">(.*?)</p>', page, re.DOTALL))
    assert said == step.title
    if "It goes no further." in told:
        return "the script stops"
    if "Nobody minded:" in told:
        return "nobody"
    before_any = re.search(r"answered (\d+) [^<]* before", told)
    assert before_any
    return f"answered {before_any[1]}"


def outcome(entry: Entry, run: Run, step: Step, edits: Edits) -> str:
    stage = entry.stage
    prepared = stage.prepare(run, step)
    with undone(entry.stage):
        try:
            sent = stage.send(run.id, step.name, len(run.walked), edits(prepared))
        except wire.NotHTTP as error:
            return f"not sent: {re.split('[:,(]', str(error))[0].strip()}"
        return told_by_the_page(entry, sent, step)


@pytest.mark.parametrize(("story", "name"), STEPS)
def test_whatever_is_done_to_a_field_the_page_names_the_check_or_says_that_nobody_minded(
    entry: Entry, before: Before, story: str, name: str
) -> None:
    run = before(story, name)
    step = run.flow.named(name)
    prepared = entry.stage.prepare(run, step)
    came = {}
    for where in FIELDS:
        for field in dict(fields_of(prepared, where)):
            for change, make in CHANGES.items():
                came[story, name, f"{where} {field}", change] = outcome(entry, run, step, make(where, field))
    assert entry.stage.runs.find(run.id).exchanges == run.exchanges
    assert came == {key: value for key, value in outcomes().items() if key[:2] == (story, name)}


def test_no_outcome_stands_for_what_no_flow_has() -> None:
    assert {key[:2] for key in outcomes()} == set(STEPS)


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
names = st.sampled_from(["code", "state", "Host", "Cookie", "Content-Length", "Authorization", "scope"]) | texts
octets = st.binary(max_size=30).map(lambda raw: raw.decode("latin-1"))  # what a header is made of
fields = st.builds(Edit, st.sampled_from(["query", "form"]), names, st.none() | texts, st.integers(0, 2))
headers = st.builds(Edit, st.just("header"), names.filter(str.isascii) | octets, st.none() | octets, st.integers(0, 2))
lines = st.builds(Edit, st.sampled_from(["method", "path"]), st.just(""), octets)
places = st.permutations(range(4)).map(lambda order: " ".join(map(str, order)))
orders = st.builds(Edit, st.just("order"), st.sampled_from(FIELDS), places)
raws = st.builds(Edit, st.just("raw"), st.just(""), texts)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(STEPS), st.lists(fields | headers | lines | orders | raws, min_size=1, max_size=4))
def test_whatever_is_changed_a_party_answers_or_a_sentence_says_why_not_and_the_run_goes_on(
    entry: Entry, before: Before, told: tuple[str, str], changes: list[Edit]
) -> None:
    stage, run, name = entry.stage, before(*told), told[1]
    place = len(run.walked)
    with undone(entry.stage):
        try:
            sent = stage.send(run.id, name, place, changes)
        except wire.NotHTTP:
            sent = stage.runs.find(run.id)
            assert sent.exchanges == run.exchanges
        else:
            assert 200 <= sent.walked[place].response.status < 500
            assert told_by_the_page(entry, sent, run.flow.named(name))
        again = stage.send(run.id, name, len(sent.walked))
        assert 200 <= again.walked[-1].response.status < 500
