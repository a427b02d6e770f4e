"""Webhooks over real HTTP to a real process of the export function."""

import hashlib
import hmac
import http.client
import itertools
import json
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from kubestandby.adapters.group_file import load_groups
from kubestandby.layout import Function
from kubestandby.runtime.supervisor import Functions
from tests.e2e.conftest import Shop
from tests.e2e.pipeline import Pipeline, wait_for

SECRET = b"a secret of the end-to-end tests"
PUSH = {"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"}}
BURST = 1000
PATH = "/webhooks/shop/deploys"
_IDS = itertools.count()


def with_webhook(pipeline: Pipeline) -> Pipeline:
    """Adds a webhook of GitHub's kind to the group."""
    secret = pipeline.folder / "webhook.secret"
    secret.write_bytes(SECRET + b"\n")
    document = yaml.safe_load(pipeline.config.read_text())
    document["spec"]["webhooks"] = [
        {
            "name": "deploys",
            "kind": "github",
            "secretsFrom": [{"file": "webhook.secret"}],
            "match": {"repositories": ["acme/*"], "branches": ["main"]},
        }
    ]
    pipeline.config.write_text(yaml.safe_dump(document))
    return pipeline


@dataclass(frozen=True)
class Answered:
    status: int
    body: dict[str, Any]
    seconds: float


class Sender:
    """Sends deliveries as GitHub does, each over a connection of its own."""

    def __init__(self, functions: Functions, path: str = PATH) -> None:
        self.path = path
        self.netloc = urlsplit(functions.url(Function.EXPORT)).netloc

    def push(self, payload: dict[str, Any] | None = None, **headers: str) -> Answered:
        body = json.dumps(payload or PUSH).encode()
        signature = f"sha256={hmac.new(SECRET, body, 'sha256').hexdigest()}"
        named = {"X-GitHub-Event": "push", "X-GitHub-Delivery": f"guid-{next(_IDS)}", "X-Hub-Signature-256": signature}
        return self.post(body, {**named, **{name.replace("_", "-"): value for name, value in headers.items()}})

    def post(self, body: Any, headers: dict[str, str], path: str = "") -> Answered:
        connection = http.client.HTTPConnection(self.netloc, timeout=60)
        started = time.monotonic()
        try:
            connection.request("POST", path or self.path, body, headers)
            answer = connection.getresponse()
            return Answered(answer.status, json.loads(answer.read()), time.monotonic() - started)
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """The status line that bytes on the wire are answered with."""
        host, _, port = self.netloc.partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(data)
            return connection.recv(4096).split(b"\r\n")[0]


@pytest.fixture
def pipeline(tmp_path: Path, state_home: Path) -> Pipeline:
    """A group whose clusters do not exist: its exports fail at once."""
    return with_webhook(Pipeline.between(tmp_path, tmp_path / "no-east", tmp_path / "no-west", "shop"))


@pytest.fixture
def functions(pipeline: Pipeline) -> Iterator[Functions]:
    with pipeline.functions() as functions:
        yield functions


def requests_of(pipeline: Pipeline) -> tuple[str, ...]:
    return pipeline.requests("east").requests(pipeline.group.name)


def test_a_signed_delivery_asks_for_an_export(pipeline: Pipeline, functions: Functions):
    answered = Sender(functions).push()

    assert (answered.status, answered.body["site"]) == (202, "east")
    log = pipeline.requests("east")
    assert log.read(pipeline.group.name, answered.body["request"]).origin == "webhook"
    assert wait_for(lambda: log.outcome(pipeline.group.name, answered.body["request"]))


def test_a_burst_of_a_thousand_becomes_a_few_exports(
    pipeline: Pipeline, functions: Functions, record_property: Callable[[str, object], None]
):
    sender = Sender(functions)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sender.push(), range(BURST)))

    seconds = sorted(answered.seconds for answered in answers)
    record_property("seconds_median", statistics.median(seconds))
    record_property("seconds_slowest", seconds[-1])
    assert {answered.status for answered in answers} == {202}
    # No gate on time: machines that run tests are slow. Far beyond this something heavy is done before the answer.
    assert statistics.median(seconds) < 2
    asked = {answered.body["request"] for answered in answers}
    assert set(requests_of(pipeline)) == asked
    assert len(asked) <= 5
    assert functions.quiet(60)
    assert pipeline.requests("east").pending(pipeline.group.name) == ()


def test_a_burst_over_two_processes_becomes_a_few_exports_too(pipeline: Pipeline, functions: Functions):
    """As on a platform that starts a process per call under way: they know of each other by the bucket alone."""
    copy = pipeline.folder / "copy.yaml"
    copy.write_text(pipeline.config.read_text())
    with Functions(copy, load_groups(copy), events=False, tick_seconds=3600) as others:
        senders = itertools.cycle([Sender(functions), Sender(others)])
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda sender: sender.push(), itertools.islice(senders, 400)))

    assert {answered.status for answered in answers} == {202}
    assert len(requests_of(pipeline)) <= 5


def test_a_replay_is_a_no_op(pipeline: Pipeline, functions: Functions):
    sender = Sender(functions)
    first = sender.push(X_GitHub_Delivery="guid-replayed")
    assert functions.quiet(30)

    again = sender.push(X_GitHub_Delivery="guid-replayed")

    assert (again.status, again.body["ignored"]) == (200, "this delivery was taken before")
    assert requests_of(pipeline) == (first.body["request"],)


def test_strangers_get_401_and_nothing_is_written(pipeline: Pipeline, functions: Functions):
    sender = Sender(functions)
    body = json.dumps(PUSH).encode()
    wrong = f"sha256={hmac.new(b'wrong', body, hashlib.sha256).hexdigest()}"

    answers = [sender.post(body, headers) for headers in ({}, {"X-Hub-Signature-256": wrong})]

    assert {(answered.status, str(answered.body)) for answered in answers} == {(401, "{'error': 'unauthorized'}")}
    assert requests_of(pipeline) == ()


def test_headers_that_are_no_text_or_come_twice_are_401(functions: Functions):
    sender = Sender(functions)
    body = json.dumps(PUSH).encode()
    right = hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
    start = b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: " + str(len(body)).encode()
    twice = b"X-Hub-Signature-256: sha256=" + right
    headers = [
        b"X-Hub-Signature-256: sha256=\xff\xfe\xfd",
        twice + b"\r\n" + twice,
        b"X-Hub-Signature-256: " + b"\xc3\xbc" * 30,
    ]

    lines = [sender.raw(start + b"\r\n" + header + b"\r\n\r\n" + body) for header in headers]

    assert lines == [b"HTTP/1.1 401 UNAUTHORIZED"] * 3


@pytest.mark.parametrize(("path", "status"), [(PATH, b"413"), ("/", b"400")])
def test_a_body_of_64_mib_is_refused_before_it_has_come(functions: Functions, path: str, status: bytes):
    """Left to itself, functions-framework reads all of it into memory before it answers."""
    sender = Sender(functions)
    start = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {64 << 20}\r\n\r\n".encode()

    line = sender.raw(start + b"x" * (65 << 10))

    assert line.split()[1] == status
    assert sender.push().status == 202


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.7"}, {"Origin": "https://evil.example"}])
def test_what_did_not_start_on_this_machine_needs_a_signature(
    pipeline: Pipeline, functions: Functions, headers: dict[str, str]
):
    body = json.dumps({"action": "export", "group": "shop"}).encode()

    assert Sender(functions).post(body, headers, path="/").status == 403
    assert Sender(functions).post(body, {}, path="/").status == 202
    assert len(requests_of(pipeline)) == 1


@pytest.mark.clusters
def test_what_is_deployed_during_a_burst_arrives(shop: Shop):
    """Deliveries that join a request lose nothing: the export that serves the last begins after it."""
    pipeline = with_webhook(shop.pipeline)
    with pipeline.functions() as functions:
        sender = Sender(functions, f"/webhooks/{shop.namespace}/deploys")
        stop = threading.Event()
        with ThreadPoolExecutor(8) as pool:
            noise = [pool.submit(_push_until, sender, stop) for _ in range(6)]
            for tea in range(2, 8):
                shop.set_price("east", str(tea))
                last = sender.push()
            stop.set()
            sent = sum(one.result() for one in noise)
        outcome = wait_for(
            lambda: pipeline.requests("east").outcome(pipeline.group.name, last.body["request"]), seconds=90
        )

        assert outcome.snapshot
        assert wait_for(lambda: shop.price("west") == "7", seconds=60)
    assert len(requests_of(pipeline)) < 10 < sent


def _push_until(sender: Sender, stop: threading.Event) -> int:
    sent = 0
    while not stop.is_set():
        assert sender.push().status == 202
        sent += 1
    return sent
