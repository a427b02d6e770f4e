"""In which order cluster-scoped objects are looked at: each stage may add to the needs of the later ones. Pure.

1. What points into the namespaces, what labels ask for, what something names by then.
2. The classes that claims, Pods, Ingresses and the like name.
3. ClusterRoles with their parts, and those about an API whose server or controller is within the namespaces.
4. Single objects that those name in turn (parameters of a class): of the first stage again, see `is_chained`.
5. The CRDs of all custom resources that are in the snapshot by now, and of those that its controllers work on.
"""

from enum import Enum, auto

from .closure import POINTERS
from .references import (
    CLUSTER_ROLE,
    CUSTOM_RESOURCE_DEFINITION,
    DEVICE_CLASS,
    GATEWAY_CLASS,
    INGRESS_CLASS,
    PRIORITY_CLASS,
    RUNTIME_CLASS,
    SNAPSHOT_CLASS,
    STORAGE_CLASS,
    VOLUME_ATTRIBUTES_CLASS,
)

DEEPEST_CHAIN = 5
"""Rounds of single objects that name single objects."""


class Stage(Enum):
    """When all objects of a kind are looked at."""

    FIRST = auto()
    CLASSES = auto()
    ROLES = auto()
    DEFINITIONS = auto()


_OF_KIND = {
    CLUSTER_ROLE: Stage.ROLES,
    CUSTOM_RESOURCE_DEFINITION: Stage.DEFINITIONS,
    DEVICE_CLASS: Stage.CLASSES,
    GATEWAY_CLASS: Stage.CLASSES,
    INGRESS_CLASS: Stage.CLASSES,
    PRIORITY_CLASS: Stage.CLASSES,
    RUNTIME_CLASS: Stage.CLASSES,
    SNAPSHOT_CLASS: Stage.CLASSES,
    STORAGE_CLASS: Stage.CLASSES,
    VOLUME_ATTRIBUTES_CLASS: Stage.CLASSES,
}


def stage_of(kind: tuple[str, str]) -> Stage:
    """The stage of a kind, which is given with its group."""
    return _OF_KIND.get(kind, Stage.FIRST)


def is_chained(kind: tuple[str, str]) -> bool:
    """Whether objects of this kind are looked for by name once more, after the roles; a pointer needs no name."""
    return stage_of(kind) is Stage.FIRST and kind not in POINTERS
