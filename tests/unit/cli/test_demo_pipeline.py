"""The demo's deployment pipeline sends what the export function takes, and shows where webhooks are."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from kubestandby.cli.demo import pipeline
from kubestandby.cli.tables import show
from kubestandby.cli.up_tables import FunctionView, webhooks_table
from kubestandby.errors import StandbyError
from kubestandby.groups import SecretReference, Webhook, WebhookKind, WebhookMatch
from kubestandby.layout import Function
from tests.unit.webhooks.hooks import HookedWorld, Sent, webhook


@pytest.fixture
def world(tmp_path: Path) -> HookedWorld:
    """A group with the demo's webhook, whose secret is in a file."""
    (tmp_path / "secret").write_bytes(pipeline.new_secret())
    (setting,) = pipeline.settings(tmp_path / "secret")
    match = WebhookMatch(**{name: tuple(globs) for name, globs in setting["match"].items()})
    secrets = (SecretReference(file=Path(setting["secretsFrom"][0]["file"])),)
    return HookedWorld(Webhook(name=setting["name"], kind=WebhookKind(setting["kind"]), secrets=secrets, match=match))


@pytest.fixture
def url(world: HookedWorld) -> Iterator[str]:
    """The world's export function behind real HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = world.send(Sent(dict(self.headers), body), self.path)
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(str(dict(answer.body)).replace("'", '"').encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_its_delivery_is_taken(world: HookedWorld, url: str, tmp_path: Path) -> None:
    name = pipeline.send(url, "shop", (tmp_path / "secret").read_bytes())

    assert world.asked() == (name,)


def test_with_another_secret_it_says_what_went_wrong(url: str) -> None:
    with pytest.raises(StandbyError, match="did not take the webhook: HTTP Error 401"):
        pipeline.send(url, "shop", pipeline.new_secret())


def test_up_shows_where_webhooks_are_posted_to() -> None:
    groups = HookedWorld(webhook("github"), webhook("ocir")).context.groups
    console = Console(file=io.StringIO(), width=100)
    views = [FunctionView(Function.EXPORT, "http://127.0.0.1:8080/", 1)]

    show(console, webhooks_table(views, groups))

    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "http://127.0.0.1:8080/webhooks/shop/github" in text
    assert "an event of the platform" in text


def test_without_webhooks_there_is_nothing_to_show() -> None:
    assert webhooks_table([], ()) is None
