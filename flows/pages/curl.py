"""A request as a curl command: pasted into a shell, it gets the same kind of answer from the same party."""

from __future__ import annotations

import shlex

from flows import wire

LEFT_TO_CURL = ("host", "content-length")


def as_curl(request: wire.Request) -> str:
    """The command for a request to a party of ours; `--resolve` because not every resolver knows *.localhost."""
    host = request.header("Host") or "localhost"
    name, _, port = host.partition(":")
    words = ["curl", "-i", "--path-as-is", "--resolve", f"{name}:{port or 80}:127.0.0.1"]
    if request.method not in ("GET", "POST") or (request.method == "POST" and not request.body):
        words += ["-X", request.method]
    for key, value in request.headers:
        if key.lower() not in LEFT_TO_CURL:
            words += ["-H", f"{key}: {value}"]
    if request.body:
        words += ["--data-raw", request.body.decode("utf-8", "replace")]
    words.append(f"http://{host}{request.target}")
    return " ".join(shlex.quote(word) for word in words)
