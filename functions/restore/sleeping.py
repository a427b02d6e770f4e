"""What the API server calls through a Service: in warm mode nobody would answer. Pure.

A webhook whose backend is at zero refuses every write that it is asked about (`failurePolicy: Fail`, the default), also
those of others on the standby, and our own next restore. An APIService whose backend is at zero makes discovery
incomplete, and no namespace of the cluster can be deleted any more. So a warm restore leaves both out.
"""

from collections.abc import Iterable

from kubestandby.groups import RestoreMode
from kubestandby.resources import Manifest, ObjectRef

from .plans import GroupKind, Identity
from .references import child, needs

_CALLED: frozenset[GroupKind] = frozenset(
    {
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("apiregistration.k8s.io", "APIService"),
    }
)
_SERVICE: GroupKind = ("", "Service")


def sleeping_services(objects: Iterable[tuple[ObjectRef, Manifest]], mode: RestoreMode) -> frozenset[Identity]:
    """The Services of a snapshot behind which nothing runs in this mode.

    One without a selector points at what runs elsewhere (core/v1 ServiceSpec.selector).
    """
    if mode is not RestoreMode.WARM:
        return frozenset()
    services = (pair for pair in objects if pair[0].gvk.group_kind == _SERVICE)
    return frozenset(ref.identity for ref, manifest in services if child(manifest, "spec", "selector"))


def reason_to_wait(ref: ObjectRef, manifest: Manifest, sleeping: frozenset[Identity]) -> str:
    """Why the object is left out for as long as these Services sleep, or "" where it is not."""
    if ref.gvk.group_kind not in _CALLED:
        return ""
    named = next((identity for identity in needs(ref, manifest) if identity in sleeping), None)
    if named is None:
        return ""
    return f"not in warm mode: nothing runs behind Service {named[2]}/{named[3]}, through which the API server calls it"
