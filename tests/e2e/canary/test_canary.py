"""Canaries in every place that data flows through: none is found where it does not belong.

One story over two clusters, at the most talkative log level: exports, refused and stuck Secrets, drift, imports, files
that cannot be read, deliveries and calls that are refused, a function that is killed, every command in every format.
"""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kubestandby.layout import Function
from kubestandby.runtime.log_events import ALWAYS, BOUND, EVENTS
from tests.e2e.canary import application
from tests.e2e.canary.application import DRIFTED, ECHOED, STUCK, LoudPolicy
from tests.e2e.canary.canaries import Canaries, Finder
from tests.e2e.canary.protected import HOOK_VARIABLE, Protected
from tests.e2e.canary.watching import Watcher
from tests.e2e.pipeline import wait_for
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

pytestmark = pytest.mark.clusters

CANARIES = Canaries.hatch()
PUSH = {"object_kind": "push", "ref": "refs/heads/main", "project": {"path_with_namespace": "acme/shop"}}


@pytest.fixture
def protected(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    primary: ClusterAccess,
    standby: ClusterAccess,
    namespace_factory: NamespaceFactory,
) -> Iterator[Protected]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    namespace = namespace_factory(primary, standby, prefix="canary")
    for cluster, manifests in (
        (primary, application.at_primary(CANARIES)),
        (standby, application.at_standby_before(CANARIES)),
    ):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        cluster.kubectl("-n", namespace, "apply", "-f", "-", stdin=text)
    policy = LoudPolicy(standby, namespace)
    policy.apply()
    wait_for(lambda: application.as_data("loud") in policy.refuses("loud"))
    yield Protected.between(tmp_path, primary, standby, namespace, CANARIES)
    policy.delete()


@contextmanager
def serving(protected: Protected) -> Iterator[None]:
    up = protected.up()
    try:
        yield
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0


def snapshots_and_restores(protected: Protected, standby: ClusterAccess) -> None:
    group = protected.namespace
    protected.run("export", group)
    wait_for(lambda: f"reports/{group}/1-1" in str([*protected.folder.glob(f"west/data/reports/{group}/1-1/*")]))
    changed = json.dumps(application.secret(DRIFTED, stringData={"password": CANARIES.at("drift")}))
    standby.kubectl("-n", group, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=changed)
    for output in ("table", "json"):
        protected.run("plan", group, "--output", output)
    protected.run("restore", group, "--output", "json")
    protected.run("restore", group, "--mode", "rehearse")


def imports(protected: Protected) -> None:
    files, within = protected.folder / "files", ("--namespace", protected.namespace)
    files.mkdir()
    (files / "refused.yaml").write_text(application.refused_file(CANARIES))
    protected.run("import", protected.namespace, str(files / "refused.yaml"), *within)
    good = {"apiVersion": "v1", "kind": "List", "items": application.imported(CANARIES, protected.namespace)}
    protected.run("import", protected.namespace, "-", *within, "--output", "json", stdin=json.dumps(good))


def calls(protected: Protected) -> Iterator[bytes]:
    """Deliveries and calls, right and wrong; yields the answers."""
    urls = protected.info().urls
    hook = f"/webhooks/{protected.namespace}/hook"
    push, at = json.dumps(PUSH).encode(), CANARIES.at
    kind = {"X-Gitlab-Event": "Push Hook", "Content-Type": "application/json"}
    event = {"ce-id": "1", "ce-source": "x", "ce-specversion": "1.0", "ce-type": "x"}
    for path, headers, body in (
        (hook, {**kind, "X-Gitlab-Token": at("hook-file")}, push),
        (hook, {**kind, "X-Gitlab-Token": at("hook-env")}, push),
        (hook, {**kind, "X-Gitlab-Token": at("wrong")}, push),
        (hook, {**kind, "X-Gitlab-Token": at("hook-file")}, f'{{"ref": "{at("body")}'.encode()),
        (hook, {**kind, "X-Gitlab-Token": at("hook-file"), "X-Gitlab-Event": at("header")}, push),
        (f"/webhooks/{at('path').partition('/')[0]}/hook", {"Authorization": f"Bearer {at('bearer')}"}, push),
        ("/", {"Authorization": f"Bearer {at('bearer')}"}, b"{"),
        ("/", {"Authorization": f"Bearer {at('bearer')}", **event, "ce-specversion": at("version")}, b"{}"),
        ("/", {"Authorization": f"Bearer {at('bearer')}", **event, "ce-type": at("type")}, push),
        ("/", {}, json.dumps({"action": at("action"), "group": at("group")}).encode()),
        ("/", {}, json.dumps({"action": "export", "group": protected.namespace, at("field"): 1}).encode()),
        ("/", {"Content-Type": "application/cloudevents+json"}, json.dumps([at("list")]).encode()),
        ("/", {"Content-Type": at("type")}, b"\xff" + at("bytes").encode()),
    ):
        for function in Function if path == "/" else (Function.EXPORT,):
            connection = http.client.HTTPConnection(urlsplit(urls[function]).netloc, timeout=60)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            yield str(answer.getheaders()).encode() + answer.read()
            connection.close()


def every_command(protected: Protected) -> None:
    group, folder = protected.namespace, protected.folder
    for words in (
        ("snapshots", group),
        ("show", group, "1-1"),
        ("show", group, "1-1", "--stage", "raw"),
        ("verify", group, "--all"),
        ("status",),
    ):
        for output in ("table", "json"):
            protected.look(*words, "--output", output)
    protected.look("keys", "check")
    protected.look("status", "--html", str(folder / "status.html"))
    protected.look("pack", group, "1-1", "--to", str(folder / "packed"))
    protected.look(
        "pack", group, "1-1", "--to", str(folder / "opened"), "--key", str(folder / "keys/sites/west/unseal.age")
    )
    broken = protected.kubeconfig("west").read_text()
    for text in (broken.replace("users:", "users: ["), broken.replace("client-key-data: ", "client-key-data: '='")):
        protected.kubeconfig("west").write_text(text)
        protected.run("plan", group)


def is_in_catalogue(line: str) -> bool:
    """Whether a line of a log is JSON, with an event of the catalogue and no fields but its own."""
    told = json.loads(line) if line.startswith("{") else {}
    event = EVENTS.get(told.get("event", ""))
    return event is not None and told.keys() <= {*ALWAYS, *BOUND, *event.facts}


def test_no_canary_is_found_where_it_does_not_belong(protected: Protected, standby: ClusterAccess) -> None:
    finder = Finder.of(CANARIES, dict(protected.key_parts()))
    allowed = {HOOK_VARIABLE: "kubestandby.cli up|serving export"}
    with Watcher(finder, protected.temporary, allowed) as watcher, serving(protected):
        snapshots_and_restores(protected, standby)
        imports(protected)
        answers = list(calls(protected))
        protected.kill(Function.RESTORE)
        protected.kill(Function.EXPORT)
        every_command(protected)
        log = protected.log()

    # What it is about did happen, and the finder would have found it.
    said = "\n".join(protected.said.values())
    for name in (ECHOED, STUCK, DRIFTED, application.INVALID):
        assert name in said
    events = {json.loads(line)["event"] for line in log.splitlines()}
    assert events >= {"bad_input", "function_died", "request_done", "request_written", "webhook_unproven"}
    assert len(watcher.seen) >= 10
    assert finder.in_folder(protected.folder / "opened")

    spoken = [
        sighting
        for name, text in {**protected.said, **{f"answer {n}": str(a) for n, a in enumerate(answers)}}.items()
        for sighting in finder.sightings(name, text.encode())
    ]
    assert spoken == []
    assert list(watcher.sightings.values()) == []
    assert finder.in_folder(protected.folder, without=protected.secret_places) == []
    assert watcher.exposed == set()
    assert (protected.folder / "status.html").stat().st_size > 1000
    assert [line for line in log.splitlines() if not is_in_catalogue(line)] == []
    assert list(protected.temporary.iterdir()) == []
