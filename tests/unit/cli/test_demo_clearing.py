"""The demo takes away what it made."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kubestandby.cli.demo.app_cluster import AppCluster, namespace_ref
from kubestandby.cli.demo.clearing import GONE_SECONDS, clear
from kubestandby.cli.progress import Steps
from kubestandby.errors import ClusterError
from kubestandby.groups import OWN_NAMESPACE
from kubestandby.resources import Manifest, ObjectRef
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.cli.world import live

SPACE: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
ROLE: Manifest = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}}
MADE = [namespace_ref("shop"), ObjectRef.of(ROLE)]


def _clear(*clusters: FakeCluster, made: Sequence[ObjectRef] = MADE) -> float:
    """Clears all of them; returns how long that took."""
    clock = FakeClock()
    clear([(AppCluster(cluster, clock), made) for cluster in clusters], clock=clock, steps=Steps())
    return sum(clock.sleeps)


def _without_namespaces(delete: Callable[..., None]) -> Callable[..., None]:
    def deleting(resource: Any, ref: ObjectRef, **words: Any) -> None:
        if ref.gvk.kind != "Namespace":
            delete(resource, ref, **words)

    return deleting


def test_nothing_of_it_stays_on_either_cluster() -> None:
    clusters = [FakeCluster(SPACE, ROLE, live("ConfigMap", "theirs", metadata={"namespace": "else"})) for _ in "ab"]

    assert _clear(*clusters) == 0

    for cluster in clusters:
        assert cluster.object("ClusterRole", "", "reader") is None
        assert cluster.object("Namespace", "", "shop") is None
        assert cluster.object("ConfigMap", "else", "theirs") is not None


def test_a_namespace_that_takes_its_time_does_not_keep_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = FakeCluster(SPACE, ROLE)
    monkeypatch.setattr(cluster, "delete", _without_namespaces(cluster.delete))

    assert _clear(cluster) == pytest.approx(GONE_SECONDS)

    assert cluster.object("ClusterRole", "", "reader") is None
    assert "namespaces still going after 120 s: shop" in capsys.readouterr().err


@pytest.mark.parametrize("in_use", [True, False])
def test_our_own_namespace_stays_where_another_restore_keeps_its_record(*, in_use: bool) -> None:
    own: Manifest = {**SPACE, "metadata": {"name": OWN_NAMESPACE}}
    place = {"metadata": {"namespace": OWN_NAMESPACE}}
    record, other = live("ConfigMap", "kubestandby-app", **place), live("ConfigMap", "kubestandby-blog", **place)
    there_anyway = live("ConfigMap", "kube-root-ca.crt", **place), live("ServiceAccount", "default", **place)
    cluster = FakeCluster(own, record, *there_anyway, *([other] if in_use else []))

    _clear(cluster, made=[namespace_ref(OWN_NAMESPACE), ObjectRef.of(record)])

    assert (cluster.object("Namespace", "", OWN_NAMESPACE) is not None) is in_use
    assert (cluster.object("ConfigMap", OWN_NAMESPACE, "kubestandby-blog") is not None) is in_use
    assert cluster.object("ConfigMap", OWN_NAMESPACE, "kubestandby-app") is None


def test_what_does_not_go_is_told_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = FakeCluster(SPACE, ROLE)
    cluster.fail("delete", ClusterError("namespaces shop: 403 Forbidden", status=403, reason="Forbidden"))

    _clear(cluster)

    assert "namespaces shop: 403 Forbidden" in capsys.readouterr().err
