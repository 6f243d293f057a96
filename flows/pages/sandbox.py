"""The sandbox's page: everything that a client from outside needs to use the same servers."""

from __future__ import annotations

from flask import Blueprint, render_template

from flows.realm import WELL_KNOWN, sandbox
from flows.stage import Stage
from flows.story import PEOPLE, SCOPES


def pages(stage: Stage) -> Blueprint:
    """/sandbox."""
    page = Blueprint("sandbox", __name__)

    @page.get("/sandbox")
    def show() -> str:
        realm = sandbox(stage.runs.store)
        path = realm.issuer.removeprefix(f"http://{realm.authority}")
        return render_template(
            "sandbox.html",
            realm=realm,
            metadata_url=f"http://{realm.authority}{WELL_KNOWN}{path}",
            photos_url=f"{realm.audience}/photos",
            client_url=f"{realm.address('client')}/",
            people=PEOPLE.values(),
            scopes=SCOPES,
        )

    return page
