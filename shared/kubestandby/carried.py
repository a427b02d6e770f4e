"""Which types a snapshot carries: what an export reads, and so what rights it needs. Pure."""

from collections.abc import Collection, Iterator

from kubestandby.groups import NO_KINDS, Kinds
from kubestandby.ports import Discovery
from kubestandby.resources import ResourceType

NEEDED_VERBS = frozenset({"list", "get", "create"})

NEVER_LISTED = frozenset(
    {
        # of the moment, or made anew by every control plane
        "events",
        "events.events.k8s.io",
        "leases.coordination.k8s.io",
        "leasecandidates.coordination.k8s.io",
        "controllerrevisions.apps",
        "componentstatuses",
        "ipaddresses.networking.k8s.io",
        "servicecidrs.networking.k8s.io",
        "storageversions.internal.apiserver.k8s.io",
        "storageversionmigrations.storagemigration.k8s.io",
        # of this cluster's machines
        "nodes",
        "csinodes.storage.k8s.io",
        "csistoragecapacities.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "resourceslices.resource.k8s.io",
        "devicetaintrules.resource.k8s.io",
        "certificatesigningrequests.certificates.k8s.io",
        "podcertificaterequests.certificates.k8s.io",
        # orders that would be carried out again
        "backups.velero.io",
        "backuprepositories.velero.io",
        "datadownloads.velero.io",
        "datauploads.velero.io",
        "deletebackuprequests.velero.io",
        "downloadrequests.velero.io",
        "podvolumebackups.velero.io",
        "podvolumerestores.velero.io",
        "restores.velero.io",
        "serverstatusrequests.velero.io",
        # read on its own, before all others
        "namespaces",
    }
)
"""As kubectl names types: `plural.group`, or `plural` in the core group."""

TWINS_OF_EXTENSIONS = ("apps", "networking.k8s.io", "policy")
"""Where the kinds of the group `extensions` live today; old servers serve the same objects in both (until 1.22)."""


MAX_SINGLE_READS = 4
"""Up to so many cluster-scoped objects of a type a restore reads by name, and an export namespaces.

More are listed, where that is allowed.
"""


def listable_types(
    discovery: Discovery, api_versions: Collection[str] = (), exclude: Kinds = NO_KINDS
) -> Iterator[ResourceType]:
    """The types that an export reads: they can be listed, read and made anew, and each object is in one of them.

    In the version that the server prefers, or in one of `api_versions` where the server has that. Not those that the
    group excludes.
    """
    plurals = {(type_.gvk.group, type_.plural) for type_ in discovery.types}
    for type_ in (in_wanted_version(type_, discovery, api_versions) for type_ in discovery.types):
        twin = type_.gvk.group == "extensions" and any(
            (group, type_.plural) in plurals for group in TWINS_OF_EXTENSIONS
        )
        left_out = twin or kubectl_name(type_) in NEVER_LISTED or exclude.holds(*type_.gvk.group_kind)
        if type_.verbs >= NEEDED_VERBS and not left_out:
            yield type_


def in_wanted_version(type_: ResourceType, discovery: Discovery, api_versions: Collection[str]) -> ResourceType:
    """The type in the version that `api_versions` names, where the server has it, else as it is."""
    for version in discovery.served.get(type_.gvk.group_kind, ()):
        wanted = type_.at(version)
        if wanted.gvk.api_version in api_versions:
            return wanted
    return type_


def kubectl_name(type_: ResourceType) -> str:
    """`deployments.apps`; `services` for the core group."""
    return f"{type_.plural}.{type_.gvk.group}".rstrip(".")
