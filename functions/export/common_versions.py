"""In which version each kind is exported: in one that both sites' clusters serve.

Versions of a kind differ in fields, and only the server that an object is on converts it. So what the primary prefers
is of no use to a standby that does not serve it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from kubestandby.carried import kubectl_name
from kubestandby.errors import ClusterError
from kubestandby.groups import ConflictPolicy, ProtectionGroup
from kubestandby.ports import Cluster, Discovery
from kubestandby.resources import BUILT_IN_GROUPS, Manifest, ResourceType
from kubestandby.served_versions import ServedVersions

from .drop_rules import dropped_by
from .references import CUSTOM_RESOURCE_DEFINITION

Test = Callable[[ResourceType], bool]


@dataclass(frozen=True, slots=True)
class CommonVersions:
    """What is exported, in versions that both serve.

    Attributes:
        discovery: the primary's, with the version in `types` that is to be listed.
        chosen: types in another version than the primary prefers.
    """

    discovery: Discovery
    chosen: frozenset[ResourceType] = frozenset()


def in_common_versions(discovery: Discovery, there: ServedVersions | None, brings_definition: Test) -> CommonVersions:
    """Takes the first of the primary's versions that the standby serves too, where that lacks the preferred one.

    What it does not serve at all, and what it serves in none of the primary's versions, stays as it is: the plan will
    say so. So does what `brings_definition`: the snapshot's definition makes the standby serve its versions, and a
    lower one might not have all of its fields.
    """
    if there is None:
        return CommonVersions(discovery)
    types = tuple(_common(type_, discovery, there, brings_definition) for type_ in discovery.types)
    return CommonVersions(replace(discovery, types=types), frozenset(types) - frozenset(discovery.types))


def _common(type_: ResourceType, discovery: Discovery, there: ServedVersions, brings_definition: Test) -> ResourceType:
    kind, theirs = type_.gvk.group_kind, there.of(type_.gvk.group_kind)
    if type_.gvk.version in theirs:
        return type_
    for version in discovery.served.get(kind, ()):
        if version in theirs and not brings_definition(type_):
            return type_.at(version)
    return type_


def definitions_brought(cluster: Cluster, group: ProtectionGroup, discovery: Discovery) -> Test:
    """Tells of a type whether a snapshot of the group brings its definition along.

    The standby's then has the same versions, or, with `skip`, nothing is converted: the restore sends the object in the
    standby's version, and its server refuses one with fields that this lacks, where here they would go in silence.

    Raises, when asked:
        ClusterError: the definitions cannot be listed, for another reason than a missing right.
    """

    @cache
    def brought() -> frozenset[str]:
        return frozenset(_definitions(cluster, group, discovery))

    return lambda type_: type_.gvk.group not in BUILT_IN_GROUPS and kubectl_name(type_) in brought()


def _definitions(cluster: Cluster, group: ProtectionGroup, discovery: Discovery) -> Iterator[str]:
    """Names of those that the snapshot may hold and that come into force, or need not."""
    resource = discovery.find(*CUSTOM_RESOURCE_DEFINITION)
    if resource is None or group.exclude_kinds.holds(*CUSTOM_RESOURCE_DEFINITION):
        return
    skips = group.restore.conflict is ConflictPolicy.SKIP
    try:
        for page in cluster.pages(resource):
            for item in page.items:
                if not dropped_by(item) and (_converts_nothing(item) or not skips):
                    yield item["metadata"]["name"]
    except ClusterError as error:
        if error.status != 403:
            raise


def _converts_nothing(definition: Manifest) -> bool:
    """Whether versions differ in their names alone (CustomResourceConversion.strategy None, the default)."""
    conversion = definition["spec"].get("conversion") or {}
    return bool(conversion.get("strategy", "None") == "None")
