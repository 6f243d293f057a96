"""What holds for every flow, check, step and page, whoever adds one."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ROOT, walk
from spec_sections import heading
from stories import STORIES, flow_of, read, run_before, unexplained
from werkzeug.test import Client

from flows import wire
from flows.checks import CHECKS
from flows.entry import Entry
from flows.flow import Flow
from flows.glossary import explain
from flows.grants import FLOWS
from flows.pages.token_panel import open_token
from flows.run import Run
from flows.seen import parameters_of
from flows.stage import Stage

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def denied(stage: Stage, story: str) -> Run:
    flow, options = read(story)
    return walk(stage, "deny", flow=flow, **options)


def spent_by_somebody(stage: Stage, story: str) -> Run:
    """Somebody with a curl redeems the code before the client does."""
    run = run_before(stage, story, "redeem_code")
    wire.call(stage.entry, stage.prepare(run, run.flow.named("redeem_code")).raw())
    return go_on(stage, run)


def revoked_by_a_replay(stage: Stage, story: str) -> Run:
    """Somebody with a curl redeems the code after the client did, and what the client got is revoked."""
    run = run_before(stage, story, "redeem_code")
    run = stage.send(run.id, "redeem_code", len(run.walked))
    wire.call(stage.entry, run.walked[-1].request_bytes)
    return go_on(stage, run)


def clock_moved(stage: Stage, story: str) -> Run:
    """An hour passes before the last step."""
    flow, _ = read(story)
    run = run_before(stage, story, flow_of(story).main_line[-1].name if flow == "refresh_token" else "fetch_photos")
    stage.runs.move_clock(run.id, 3600)
    return go_on(stage, stage.runs.find(run.id))


def go_on(stage: Stage, run: Run) -> Run:
    while step := next(iter(run.next_steps), None):
        run = stage.send(run.id, step.name, len(run.walked))
    return run


def told(run: Run) -> list[tuple[str | None, int, str | None]]:
    return [(each.step, each.response.status, each.refused.check if each.refused else None) for each in run.walked]


@pytest.mark.parametrize("story", STORIES)
def test_every_line_that_a_flow_can_show_has_a_note(stage: Stage, story: str) -> None:
    flow, options = read(story)
    run = walk(stage, flow=flow, **options)
    assert [each.step for each in run.walked] == [step.name for step in run.flow.main_line]
    assert unexplained(run) == []


CODE, SCRIPT, OPAQUE = "authorization_code", "authorization_code client=single-page", "authorization_code token=opaque"


@pytest.mark.parametrize(
    ("ending", "story", "ends"),
    [
        (denied, CODE, [("hear_no", 200, None)]),
        (denied, SCRIPT, [("hear_no", 200, None)]),
        (denied, "implicit", [("hear_no", 200, None)]),
        (spent_by_somebody, CODE, [("redeem_code", 400, "spend_code"), ("see_prints", 409, None)]),
        (spent_by_somebody, SCRIPT, [("callback", 200, None), ("redeem_code", 400, "spend_code")]),
        (revoked_by_a_replay, CODE, [("fetch_photos", 401, "grant_is_not_revoked"), ("see_prints", 409, None)]),
        (revoked_by_a_replay, SCRIPT, [("preflight", 204, None), ("fetch_photos", 401, "grant_is_not_revoked")]),
        (
            revoked_by_a_replay,
            OPAQUE,
            [
                ("fetch_photos", 401, "authorization_server_says_active"),
                ("introspect", 200, "token_still_stands"),
                ("see_prints", 409, None),
            ],
        ),
        (clock_moved, "implicit", [("fetch_photos", 401, "token_has_not_expired")]),
        (clock_moved, "password", [("fetch_photos", 401, "token_has_not_expired")]),
        (clock_moved, "client_credentials bearer=query", [("fetch_photos", 401, "token_has_not_expired")]),
        (
            clock_moved,
            "client_credentials token=opaque",
            [("fetch_photos", 401, "authorization_server_says_active"), ("introspect", 200, "token_is_in_its_time")],
        ),
        (clock_moved, "refresh_token", [("use_revoked_token", 401, "token_has_not_expired")]),
    ],
    ids=lambda value: getattr(value, "__name__", value if isinstance(value, str) else ""),
)
def test_every_line_of_another_ending_has_a_note(
    stage: Stage, ending: Callable[[Stage, str], Run], story: str, ends: list[tuple[str, int, str | None]]
) -> None:
    run = ending(stage, story)
    assert told(run)[-len(ends) :] == ends
    assert unexplained(run) == []


@pytest.mark.parametrize(
    ("story", "step"),
    [
        *((f"authorization_code alg={alg}", "redeem_code") for alg in ("ES256", "RS256", "EdDSA")),
        *((f"client_credentials alg={alg}", "ask_for_token") for alg in ("ES256", "RS256", "EdDSA")),
        ("refresh_token", "refresh"),
        ("password", "use_password"),
        ("implicit", "approve"),
    ],
)
def test_every_member_of_a_token_has_a_note_and_its_signature_verifies(stage: Stage, story: str, step: str) -> None:
    flow, options = read(story)
    run = walk(stage, flow=flow, until=step, **options)
    behind_the_hash = dict(parameters_of(run.walked[-1].location or ""))
    token = behind_the_hash["access_token"] if flow == "implicit" else run.walked[-1].json["access_token"]
    panel = open_token(token, run.realm, run.realm.now())
    assert panel is not None
    assert panel.alg == options.get("alg", "ES256")
    assert panel.key == run.realm.signing_keys[0].kid
    assert {"iss", "sub", "aud", "client_id", "scope", "iat", "nbf", "exp", "jti"} == {
        member.name for member in panel.payload
    }
    assert [member.name for member in panel.header + panel.payload if member.note is None] == []


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_every_check_has_a_reason_a_section_and_a_known_error(check) -> None:  # type: ignore[no-untyped-def]
    assert len(check.reason) > 30
    assert check.reason.rstrip().endswith(".")
    assert heading(check.rfc)
    if check.error:
        assert explain("error", check.error)
    assert explain("status", str(check.status))


@pytest.mark.parametrize("story", STORIES)
def test_every_step_has_a_reason_and_a_section(story: str) -> None:
    for step in flow_of(story).steps:
        assert len(step.reason) > 100, step.name
        assert step.reason.rstrip().endswith("."), step.name
        assert heading(step.rfc), step.name


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_flow_says_what_it_is_for_and_when_not_to_use_it(flow: Flow) -> None:
    assert flow.purpose.endswith(".")
    assert flow.not_for.endswith(".")
    assert bool(flow.deprecated) == bool(flow.deprecated_by)
    assert not flow.deprecated or heading(flow.deprecated_by)


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


@pytest.mark.parametrize(
    "path",
    ["/", *(f"/flows/{flow}" for flow in FLOWS), "/which", "/compare", "/bearer", "/jwt", "/sandbox", "/nothing-here"],
)
def test_no_page_of_ours_holds_a_style_an_inline_script_or_an_outside_address(entry: Entry, path: str) -> None:
    assert_clean(Client(entry), path)


@pytest.mark.parametrize("story", STORIES)
def test_no_page_of_a_run_holds_a_style_an_inline_script_or_an_outside_address(entry: Entry, story: str) -> None:
    flow, options = read(story)
    run, browser = walk(entry.stage, flow=flow, **options), Client(entry)
    for number in range(1, len(run.flow.main_line) + 1):
        assert_clean(browser, f"/runs/{run.id}?step={number}")
    for exchange in run.exchanges:
        if exchange.response.content_type == "text/html":
            assert_clean(browser, f"/runs/{run.id}/exchanges/{exchange.position}/page")


def assert_clean(browser: Client, path: str) -> None:
    text = browser.get(path).text
    assert "<h1" in text, path
    assert "style=" not in text, path
    assert forbidden_in(text) == [], path


def test_the_contract_would_notice_what_it_forbids() -> None:
    page = '<p style="x">a</p><script>b()</script><script src="https://cdn.example/x.js"></script><p onclick="c()">'
    assert len(forbidden_in(page)) == 4
