"""Finds out which objects of a snapshot are on the standby, and which of them are as desired. Reads only.

One type per thread; each live object is compared as its page arrives, and only those that differ are kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Cluster
from kubestandby.resources import Manifest, ResourceType

from .comparing import is_as_desired
from .live_state import Name, Restarted, is_being_deleted, name_of, read_objects
from .modes import may_be_autoscaled, with_live_replicas
from .plans import DesiredObject, GroupKind, Identity
from .references import scale_target
from .refusals import describe


@dataclass(frozen=True, slots=True)
class Finding:
    """One desired object that the standby has.

    Attributes:
        desired: with the live number of replicas where the standby's autoscaler is in charge.
        live: None where it is as desired: nothing more is asked about it then.
    """

    desired: DesiredObject
    live: Manifest | None = None

    @property
    def being_deleted(self) -> bool:
        """Whether the live object is on its way out."""
        return self.live is not None and is_being_deleted(self.live)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is on the standby. An object without a finding, of a kind that could be read, does not exist."""

    findings: Mapping[Identity, Finding]
    unreadable: Mapping[GroupKind, str]


def survey(cluster: Cluster, pool: Executor, desired: Iterable[DesiredObject]) -> Survey:
    """Reads and compares all of the desired objects.

    Raises:
        ClusterUnavailableError: the cluster did not answer within its budget.
    """
    wanted = list(desired)
    autoscaled = autoscaled_workloads(wanted)
    by_type: dict[ResourceType, dict[Name, DesiredObject]] = defaultdict(dict)
    for item in wanted:
        by_type[item.resource][item.ref.namespace, item.ref.name] = item
    types = sorted(by_type)
    answers = pool.map(lambda resource: _survey_type(cluster, resource, by_type[resource], autoscaled), types)
    findings: dict[Identity, Finding] = {}
    unreadable: dict[GroupKind, str] = {}
    for resource, answer in zip(types, answers, strict=True):
        if isinstance(answer, str):
            unreadable[resource.gvk.group_kind] = answer
        else:
            findings.update(answer)
    return Survey(findings, unreadable)


def autoscaled_workloads(desired: Iterable[DesiredObject]) -> frozenset[Identity]:
    """The workloads whose replicas a HorizontalPodAutoscaler of the snapshot sets."""
    targets = (
        scale_target(item.ref, item.manifest)
        for item in desired
        if item.ref.gvk.group_kind == ("autoscaling", "HorizontalPodAutoscaler")
    )
    return frozenset(target for target in targets if target is not None and may_be_autoscaled(target))


def _survey_type(
    cluster: Cluster,
    resource: ResourceType,
    wanted: Mapping[Name, DesiredObject],
    autoscaled: frozenset[Identity],
) -> dict[Identity, Finding] | str:
    """The findings of one type, or why it cannot be read."""
    found: dict[Identity, Finding] = {}
    try:
        for live in read_objects(cluster, resource, wanted.keys()):
            if isinstance(live, Restarted):
                found.clear()
                continue
            desired = wanted[name_of(live)]
            found[desired.identity] = _compare(desired, live, autoscaled=desired.identity in autoscaled)
    except ClusterUnavailableError:
        raise
    except ClusterError as error:
        return f"the standby's {resource.qualified_plural} cannot be read: {describe(error)}"
    return found


def _compare(desired: DesiredObject, live: Manifest, *, autoscaled: bool) -> Finding:
    if autoscaled:
        desired = replace(desired, manifest=with_live_replicas(desired.manifest, live))
    if is_being_deleted(live) or not is_as_desired(desired.manifest, live):
        return Finding(desired, live)
    return Finding(desired)
