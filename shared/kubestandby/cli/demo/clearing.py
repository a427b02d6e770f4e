"""Takes away what the demo made on both clusters."""

from collections.abc import Iterable, Sequence

from kubestandby.cli.demo.app_cluster import AppCluster
from kubestandby.cli.demo.comparing import captured
from kubestandby.cli.progress import Steps
from kubestandby.cli.waiting import wait_for
from kubestandby.errors import StandbyError
from kubestandby.groups import OWN_NAMESPACE
from kubestandby.ports import Clock
from kubestandby.resources import ObjectRef

GONE_SECONDS = 120.0
"""How long namespaces are waited for: until they are gone, the same demo would be refused."""

Made = Sequence[tuple[AppCluster, Sequence[ObjectRef]]]


def clear(made: Made, *, clock: Clock, steps: Steps) -> None:
    """Deletes what is listed for each cluster; what does not go is named, and is no error of the demo.

    Kubestandby's own namespace stays where another group's restore has begun to use it.
    """
    try:
        with steps.doing("removing what the demo made on both clusters"):
            going = [(cluster, _remove_namespaces(cluster, refs)) for cluster, refs in made]
            try:
                _until_gone(going, clock)
            finally:
                for cluster, refs in made:
                    cluster.remove(ref for ref in refs if not _is(ref, "Namespace"))
    except StandbyError as error:
        steps.failed(str(error))


def _remove_namespaces(cluster: AppCluster, refs: Iterable[ObjectRef]) -> list[ObjectRef]:
    refs = list(refs)
    cluster.refresh()
    cluster.remove(ref for ref in refs if ref.namespace == OWN_NAMESPACE)
    namespaces = [ref for ref in refs if _is(ref, "Namespace") and not _is_in_use(cluster, ref)]
    # An APIService without its server would hold the namespaces up.
    cluster.remove([*(ref for ref in refs if _is(ref, "APIService")), *namespaces])
    return namespaces


def _is_in_use(cluster: AppCluster, namespace: ObjectRef) -> bool:
    if namespace.name != OWN_NAMESPACE:
        return False
    made_by_kubernetes = ("ServiceAccount", "default")
    held = captured(cluster, (OWN_NAMESPACE,), ())
    return any((item["kind"], item["metadata"]["name"]) != made_by_kubernetes for item in held)


def _until_gone(going: Made, clock: Clock) -> None:
    names = dict.fromkeys(ref.name for _, namespaces in going for ref in namespaces)
    late = f"namespaces still going after {GONE_SECONDS:.0f} s: {', '.join(names)}"
    wait_for(lambda: _all_gone(going) or None, clock=clock, seconds=GONE_SECONDS, late=late)


def _all_gone(going: Made) -> bool:
    return not any(cluster.left(namespaces) for cluster, namespaces in going)


def _is(ref: ObjectRef, kind: str) -> bool:
    return ref.gvk.kind == kind
