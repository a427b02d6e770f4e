"""An application crosses under the rights that are printed, and nothing else: each step, and the audit logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from kubestandby.layout import Action, Function
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import SiteName, SnapshotId
from tests.integration.rights.application import FRONT, application
from tests.integration.rights.audit import Use, uses
from tests.integration.rights.estate import Estate, account
from tests.testbed.cluster import Cluster
from tests.testbed.kubectl import KubectlError

SITE_OF = {Function.EXPORT: "east", Function.RESTORE: "west"}


@dataclass
class Story:
    """What came of each step.

    Attributes:
        printed: by `rbac`, per function.
        asked: by each function under these rights.
        first: of them, by the first restore.
        bare_writes: that the restore tried which had no rights at all.
    """

    outcomes: dict[str, Outcome]
    printed: dict[Function, str]
    asked: dict[Function, list[Use]]
    first: list[Use]
    bare_writes: list[dict[str, Any]]


def tell(estate: Estate) -> Story:
    """The whole pipeline, twice, with pruning, and a failover at its end."""
    outcomes: dict[str, Outcome] = {}
    _create_application(estate.clusters["east"])
    printed = {Function.EXPORT: estate.rbac("--site", "east", "--role", "export")}
    estate.apply("east", printed[Function.EXPORT])
    estate.log_in(Function.EXPORT, "east")
    for right in ("list secrets -n front", "list secrets -n back", "list pods -n front", "list clusterroles"):
        estate.wait_until(Function.EXPORT, "east", *right.split())
    bare_writes = _restore_without_rights(estate, outcomes)
    printed[Function.RESTORE] = estate.rbac("--site", "west", "--role", "restore")
    estate.apply("west", estate.rbac("--site", "west", "--role", "restore", "--admission-policy"))
    estate.apply("west", estate.rbac("--site", "west", "--role", "restore", "--app-roles"))
    with all_powerful(estate):
        pass
    for right in ("patch secrets -n front", "patch secrets -n back-west", "patch pods -n front", "list storageclasses"):
        estate.wait_until(Function.RESTORE, "west", *right.split())
    before = len(estate.clusters["west"].audit_events())
    outcomes["first"] = estate.ask("west", Action.RESTORE)
    first = list(uses(estate.clusters["west"].audit_events()[before:], account(Function.RESTORE)))
    outcomes["second"] = estate.ask("west", Action.RESTORE)
    _second_version(estate.clusters["east"])
    outcomes["export 2"] = estate.ask("east", Action.EXPORT)
    outcomes["pruned"] = estate.ask("west", Action.RESTORE, prune_all=True)
    outcomes["failover"] = estate.ask("west", Action.FAILOVER, to=SiteName("west"))
    asked = {
        Function.EXPORT: list(uses(estate.clusters["east"].audit_events(), account(Function.EXPORT))),
        Function.RESTORE: list(uses(estate.clusters["west"].audit_events()[before:], account(Function.RESTORE))),
    }
    return Story(outcomes, printed, asked, first, bare_writes)


@contextmanager
def all_powerful(estate: Estate) -> Iterator[None]:
    """Binds cluster-admin to the restore: what is refused it now, the admission policy refuses."""
    west, name = estate.clusters["west"], "everything-for-the-restore"
    subject = "--serviceaccount=kubestandby-system:kubestandby-restore"
    west.kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", subject)
    wait_for(lambda: "AdmissionPolicy" in refusal(estate, "-n", "kube-system", "create", "configmap", "x"))
    yield
    west.kubectl("delete", "clusterrolebinding", name)
    wait_for(lambda: "cannot create" in refusal(estate, "-n", "kube-system", "create", "configmap", "x"))


def refusal(estate: Estate, *words: str, stdin: str | None = None) -> str:
    """What the server says to a write of the restore's, which is a dry run; "" where it agrees."""
    try:
        estate.as_function(Function.RESTORE, "west", *words, "--dry-run=server", stdin=stdin)
    except KubectlError as error:
        return error.stderr
    return ""


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Authorisers and admission learn of new objects a little later."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _create_application(east: Cluster) -> None:
    manifests = application()
    definitions = [one for one in manifests if one["kind"] == "CustomResourceDefinition"]
    east.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all(definitions))
    east.kubectl("wait", "--for=condition=Established", "crd", "widgets.least.example", "engines.least.example")
    east.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all(one for one in manifests if one not in definitions))


def _restore_without_rights(estate: Estate, outcomes: dict[str, Outcome]) -> list[dict[str, Any]]:
    """An identity, and nothing for it: the snapshot arrives, and cannot be taken in."""
    west = estate.clusters["west"]
    west.kubectl("create", "namespace", "kubestandby-system")
    west.kubectl("-n", "kubestandby-system", "create", "serviceaccount", "kubestandby-restore")
    estate.log_in(Function.RESTORE, "west")
    outcomes["export 1"] = estate.ask("east", Action.EXPORT)
    assert outcomes["export 1"].verdict is Verdict.DONE, outcomes["export 1"]
    outcomes["bare"] = estate.outcome("west", f"restore-{SnapshotId(1, 1)}")
    reads = ("get", "list", "watch")
    events = (event for event in west.audit_events() if event["user"]["username"] == account(Function.RESTORE))
    return [event for event in events if event["verb"] not in reads and "self" not in event["objectRef"]["resource"]]


def _second_version(east: Cluster) -> None:
    """What stays gets another label, and so has to be sent again; what is gone is gone."""
    manifests = [one for one in application() if one["kind"] not in ("Namespace", "CustomResourceDefinition")]
    gone = [one for one in manifests if one["metadata"]["name"].endswith("gone")]
    stays = [one for one in manifests if one["metadata"]["name"].endswith("stay")]
    east.kubectl("delete", "--wait=false", "--now", "-f", "-", stdin=yaml.safe_dump_all(_named(gone)))
    east.kubectl("label", "version=2", "-f", "-", stdin=yaml.safe_dump_all(_named(stays)))
    east.kubectl("label", "namespace", FRONT, "version=2")


def _named(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: one[key] for key in ("apiVersion", "kind", "metadata")} for one in manifests]
