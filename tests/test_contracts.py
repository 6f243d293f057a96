"""What holds for every flow, check, step and page, whoever adds one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ROOT, walk
from spec_sections import heading
from werkzeug.test import Client

from flows import wire
from flows.checks import CHECKS
from flows.entry import Entry
from flows.glossary import explain
from flows.grants import FLOWS
from flows.grants.authorization_code import redeem_code
from flows.pages.lines import Line, request_lines, response_lines
from flows.pages.token_panel import open_token
from flows.run import Run
from flows.stage import Stage

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STEPS = [step for flow in FLOWS.values() for step in flow.steps]


def lines_of(run: Run) -> Iterator[Line]:
    for exchange in run.walked:
        step = run.flow.named(exchange.step or "")
        yield from request_lines(exchange.request, step.carries)
        yield from response_lines(exchange.response, step.answers)


def approved(stage: Stage) -> Run:
    return walk(stage)


def denied(stage: Stage) -> Run:
    return walk(stage, "deny")


def spent_by_somebody(stage: Stage) -> Run:
    """Somebody with a curl redeems the code before the client does."""
    run = walk(stage, until="callback")
    wire.call(stage.entry, stage.prepare(run, redeem_code).raw())
    return go_on(stage, run)


def revoked_by_a_replay(stage: Stage) -> Run:
    """Somebody with a curl redeems the code after the client did, and what the client got is revoked."""
    run = walk(stage, until="redeem_code")
    wire.call(stage.entry, run.exchanges[-1].request_bytes)
    return go_on(stage, run)


def go_on(stage: Stage, run: Run) -> Run:
    while step := next(iter(run.next_steps), None):
        run = stage.send(run.id, step.name, len(run.walked))
    return run


@pytest.mark.parametrize(
    ("story", "ends"),
    [
        (approved, [("see_prints", 200, None)]),
        (denied, [("hear_no", 200, None)]),
        (spent_by_somebody, [("redeem_code", 400, "spend_code"), ("see_prints", 409, None)]),
        (revoked_by_a_replay, [("fetch_photos", 401, "grant_is_not_revoked"), ("see_prints", 409, None)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_line_that_a_flow_can_show_has_a_note(
    stage: Stage, story: Callable[[Stage], Run], ends: list[tuple[str, int, str | None]]
) -> None:
    run = story(stage)
    told = [(each.step, each.response.status, each.refused and each.refused.check) for each in run.walked]
    assert told[-len(ends) :] == ends
    explained = {line.kind + line.key.strip(' ",:') for line in lines_of(run) if line.note or line.value_note}
    lacking = [line for line in lines_of(run) if line.key.strip() and not (line.note or line.value_note)]
    assert [line for line in lacking if line.kind + line.key.strip(' ",:') not in explained] == []


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_every_member_of_a_token_has_a_note_and_its_signature_verifies(stage: Stage, alg: str) -> None:
    run = walk(stage, until="redeem_code", alg=alg)
    token = run.exchanges[-1].json["access_token"]
    panel = open_token(token, run.realm, run.realm.now())
    assert panel is not None
    assert panel.alg == alg
    assert panel.key == run.realm.signing_keys[0].kid
    assert [member.name for member in panel.header + panel.payload if member.note is None] == []


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_every_check_has_a_reason_a_section_and_a_known_error(check) -> None:  # type: ignore[no-untyped-def]
    assert len(check.reason) > 30
    assert check.reason.rstrip().endswith(".")
    assert heading(check.rfc)
    if check.error:
        assert explain("error", check.error)
    assert explain("status", str(check.status))


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
def test_every_step_has_a_reason_and_a_section(step) -> None:  # type: ignore[no-untyped-def]
    assert len(step.reason) > 100
    assert heading(step.rfc)


def test_every_section_that_a_flow_or_a_page_cites_exists() -> None:
    cited = [section for flow in FLOWS.values() for section in flow.rfcs]
    for template in TEMPLATES:
        cited += re.findall(r'"([^"]+#[^"]+)" \| rfc', template.read_text())
    assert len(cited) > 4
    for citation in cited:
        assert heading(citation)


def test_every_flow_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [flow.title for flow in FLOWS.values() if flow.title not in readme] == []


class Outside(HTMLParser):
    """Collects what our Content-Security-Policy forbids, and whatever a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        self._in_script = tag in ("script", "style")
        if "style" in have or any(re.fullmatch("on[a-z]+", name) for name in have):
            self.found.append(f"<{tag}> with {sorted(have)}")
        loads = have.get("src") or (have.get("href") if tag in ("link", "use", "image") else "") or ""
        if re.match(r"(https?:)?//", loads):
            self.found.append(f"<{tag}> loads {loads}")

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.append(f"inline: {data[:40]}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def forbidden_in(page: str) -> list[str]:
    reader = Outside()
    reader.feed(page)
    return reader.found


@pytest.mark.parametrize("template", TEMPLATES, ids=[path.relative_to(ROOT).as_posix() for path in TEMPLATES])
def test_no_template_holds_a_style_an_inline_script_or_an_outside_address(template: Path) -> None:
    assert "style=" not in template.read_text()
    assert forbidden_in(template.read_text()) == []


def test_no_rendered_page_holds_a_style_an_inline_script_or_an_outside_address(entry: Entry) -> None:
    browser = Client(entry)
    run = walk(entry.stage)
    pages = ["/", "/flows/authorization_code", "/sandbox", "/nothing-here"]
    pages += [f"/runs/{run.id}?step={number}" for number in range(1, 10)]
    pages += [f"/runs/{run.id}/exchanges/{place}/page" for place in (1, 3, 8)]
    for path in pages:
        text = browser.get(path).text
        assert "<h1" in text, path
        assert "style=" not in text, path
        assert forbidden_in(text) == [], path


def test_the_contract_would_notice_what_it_forbids() -> None:
    page = '<p style="x">a</p><script>b()</script><script src="https://cdn.example/x.js"></script><p onclick="c()">'
    assert len(forbidden_in(page)) == 4
