"""The functions without an event service of their own, as on Knative: what ticks can do, and what the relay does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from kubestandby.layout import Action, Function
from kubestandby.requests import Verdict
from kubestandby.runtime import relaying
from kubestandby.runtime.supervisor import Functions
from tests.e2e.conftest import Shop
from tests.e2e.pipeline import post, wait_for

pytestmark = pytest.mark.clusters

_TICK = b'{"action": "tick"}'
_PING = {
    "ce-id": "1",
    "ce-specversion": "1.0",
    "ce-source": "/apis/v1/namespaces/kubestandby-system/pingsources/tick",
    "ce-type": "dev.knative.sources.ping",
    "content-type": "application/json",
}


class _Running(relaying.Places):
    """The functions of a supervisor, which brings them no events."""

    def __init__(self, functions: Functions) -> None:
        super().__init__("http://{function}")
        object.__setattr__(self, "functions", functions)

    def host(self, function: Function) -> str:
        return "127.0.0.1"

    def port(self, function: Function) -> int:
        return urlsplit(self.functions.url(function)).port or 0


@contextmanager
def _relay_of(site: str, functions: Functions) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=relaying.relay, args=(site, _Running(functions), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def test_relays_and_the_ticks_of_a_ping_source_carry_everything_through(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = shop.pipeline
    monkeypatch.setenv("KUBESTANDBY_CONFIG", str(pipeline.config))
    monkeypatch.setenv("KUBESTANDBY_POLL_SECONDS", "0.2")
    monkeypatch.setenv("KUBESTANDBY_PUSH_AFTER_SECONDS", "0")
    with pipeline.functions(events=False, tick_seconds=3600) as functions:
        lost = pipeline.ask("east", Action.EXPORT)
        status, answer = post(functions.url(Function.EXPORT), _TICK, _PING)
        pushed = answer["tick"]["pushed"]
        alone = pipeline.requests("east").outcome(pipeline.group.name, lost.name)

        with _relay_of("east", functions), _relay_of("west", functions):
            post(functions.url(Function.EXPORT), _TICK, _PING)
            outcome = pipeline.outcome("east", lost)
            wait_for(lambda: pipeline.marks("west"), 90)

    assert (status, len(pushed), alone) == (200, 1, None)  # a tick alone moves nothing on
    assert outcome.verdict is Verdict.DONE
    assert shop.price("west") == "1"
