"""Limits and defaults that were set when other objects were there already: these must not get them now. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from kubestandby.resources import Manifest, ObjectRef

from .plans import GroupKind
from .references import child

_POD: GroupKind = ("", "Pod")
_INGRESS: GroupKind = ("networking.k8s.io", "Ingress")
_LIMITS: tuple[GroupKind, ...] = (("", "ResourceQuota"), ("", "LimitRange"))

_Pair = tuple[ObjectRef, Manifest]


@dataclass(frozen=True, slots=True)
class Older:
    """What a snapshot holds of the kinds that admission limits or fills in when they are made."""

    pods: tuple[_Pair, ...]
    ingresses: tuple[_Pair, ...]

    @property
    def are_any(self) -> bool:
        """Whether there are any."""
        return bool(self.pods or self.ingresses)

    @classmethod
    def among(cls, objects: Iterable[_Pair]) -> Self:
        """Those among the objects of a snapshot."""
        found = [pair for pair in objects if pair[0].gvk.group_kind in (_POD, _INGRESS)]
        pods = tuple(pair for pair in found if pair[0].gvk.group_kind == _POD)
        return cls(pods, tuple(pair for pair in found if pair[0].gvk.group_kind == _INGRESS))

    def spared_by(self, ref: ObjectRef, manifest: Manifest) -> Iterator[ObjectRef]:
        """What admission would refuse or fill in because of this object, and need not have when that was made.

        Sources: admission plugins ResourceQuota, LimitRanger, Priority (PriorityClass.globalDefault),
        DefaultIngressClass.
        """
        kind = ref.gvk.group_kind
        if kind in _LIMITS:
            yield from (pod for pod, _ in self.pods if pod.namespace == ref.namespace)
        elif kind == ("scheduling.k8s.io", "PriorityClass") and manifest.get("globalDefault"):
            yield from (pod for pod, found in self.pods if not child(found, "spec", "priorityClassName"))
        elif kind == ("networking.k8s.io", "IngressClass") and _is_default_class(manifest):
            yield from (ingress for ingress, found in self.ingresses if not _names_class(found))


def _is_default_class(ingress_class: Manifest) -> bool:
    marked = child(ingress_class, "metadata", "annotations", "ingressclass.kubernetes.io/is-default-class")
    return bool(marked == "true")


def _names_class(ingress: Manifest) -> bool:
    annotated = child(ingress, "metadata", "annotations", "kubernetes.io/ingress.class")
    return child(ingress, "spec", "ingressClassName") is not None or annotated is not None
