"""Finds out which objects of a snapshot are on the standby, and which of them are as desired. Reads only.

One type per thread; each live object is compared as its page arrives, and only those that differ are kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.reports import Drift, Readiness
from kubestandby.resources import Manifest, ResourceType

from .ca_bundles import without_kept_bundles
from .comparing import is_as_desired
from .drift import drift
from .live_state import Name, Reader, Restarted, is_being_deleted, read_objects
from .modes import may_be_autoscaled, with_live_replicas
from .owners import linked, missing, owners_among
from .plans import DesiredObject, GroupKind, Identity, Uids
from .readiness import assess, is_custom, is_watched, reports_conditions
from .references import scale_target
from .refusals import describe


@dataclass(frozen=True, slots=True)
class Finding:
    """One desired object that the standby has.

    Attributes:
        desired: with what the live state makes of it: an autoscaler's replicas, an injector's certificates, the UIDs of
            its owners.
        live: None where it is as desired: nothing more is asked about it then.
        drift: what others have set beside that, where it is as desired.
        lacks_owner: whether an owner has yet to be made before the two can be compared.
        current: whether it is as desired and, being something that a restore waits for, Current.
        silent: whether it is, besides, a custom resource on which nobody reports.
    """

    desired: DesiredObject
    live: Manifest | None = None
    drift: tuple[Drift, ...] = ()
    lacks_owner: bool = False
    current: bool = False
    silent: bool = False

    @property
    def being_deleted(self) -> bool:
        """Whether the live object is on its way out."""
        return self.live is not None and is_being_deleted(self.live)


@dataclass(frozen=True, slots=True)
class Survey:
    """What is on the standby. An object without a finding, of a kind that could be read, does not exist.

    Attributes:
        uids: of the owners that are there, be it for long or not.
    """

    findings: Mapping[Identity, Finding]
    unreadable: Mapping[GroupKind, str]
    uids: Uids = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    """What must be known of the others to compare one object.

    Attributes:
        exact: whether what others have set makes an object differ.
    """

    autoscaled: frozenset[Identity]
    owners: frozenset[Identity]
    exact: bool


def survey(cluster: Reader, pool: Executor, desired: Iterable[DesiredObject], *, exact: bool = False) -> Survey:
    """Reads and compares all of the desired objects.

    `exact` keeps the live state of those that others have set fields on as well.

    Raises:
        ClusterUnavailableError: the cluster did not answer within its budget.
    """
    wanted = list(desired)
    known = _Known(autoscaled_workloads(wanted), owners_among(wanted), exact)
    by_type: dict[ResourceType, dict[Name, DesiredObject]] = defaultdict(dict)
    for item in wanted:
        by_type[item.resource][item.ref.namespace, item.ref.name] = item
    types = sorted(by_type)
    answers = pool.map(lambda resource: _survey_type(cluster, resource, by_type[resource], known), types)
    findings: dict[Identity, Finding] = {}
    unreadable: dict[GroupKind, str] = {}
    uids: dict[Identity, str] = {}
    for resource, answer in zip(types, answers, strict=True):
        if isinstance(answer, str):
            unreadable[resource.gvk.group_kind] = answer
        else:
            findings.update(answer.findings)
            uids.update(answer.uids)
    owned = [found for found in findings.values() if found.desired.owners]
    findings.update({found.desired.identity: _judged_with_owners(found, uids, known) for found in owned})
    return Survey(findings, unreadable, uids)


def autoscaled_workloads(desired: Iterable[DesiredObject]) -> frozenset[Identity]:
    """The workloads whose replicas a HorizontalPodAutoscaler of the snapshot sets."""
    targets = (
        scale_target(item.ref, item.manifest)
        for item in desired
        if item.ref.gvk.group_kind == ("autoscaling", "HorizontalPodAutoscaler")
    )
    return frozenset(target for target in targets if target is not None and may_be_autoscaled(target))


@dataclass(slots=True)
class _TypeSurvey:
    findings: dict[Identity, Finding] = field(default_factory=dict)
    uids: dict[Identity, str] = field(default_factory=dict)


def _survey_type(
    cluster: Reader, resource: ResourceType, wanted: Mapping[Name, DesiredObject], known: _Known
) -> _TypeSurvey | str:
    """The findings of one type, or why it cannot be read."""
    found = _TypeSurvey()
    try:
        for read in read_objects(cluster, resource, wanted.keys()):
            if isinstance(read, Restarted):
                found = _TypeSurvey()
                continue
            name, live = read
            identity = wanted[name].identity
            found.findings[identity] = _compare(identity, wanted[name], live, known)
            if identity in known.owners:
                found.uids[identity] = live["metadata"]["uid"]
    except ClusterUnavailableError:
        raise
    except ClusterError as error:
        return f"the standby's {resource.qualified_plural} cannot be read: {describe(error)}"
    return found


def _compare(identity: Identity, desired: DesiredObject, live: Manifest, known: _Known) -> Finding:
    manifest = desired.manifest
    if identity in known.autoscaled:
        manifest = with_live_replicas(manifest, live)
    manifest = without_kept_bundles(desired.ref, manifest, live)
    if manifest is not desired.manifest:
        desired = replace(desired, manifest=manifest)
    # An object with owners is judged when all types have been read, and with them the owners' UIDs.
    return Finding(desired, live) if desired.owners else _judged(desired, live, exact=known.exact)


def _judged(desired: DesiredObject, live: Manifest, *, exact: bool) -> Finding:
    if is_being_deleted(live) or not is_as_desired(desired.manifest, live):
        return Finding(desired, live)
    found = drift(desired.ref, desired.manifest, live)
    kind = desired.ref.gvk.group_kind
    current = is_watched(kind) and assess(live).readiness is Readiness.CURRENT
    silent = current and is_custom(kind) and not reports_conditions(live)
    return Finding(desired, live if exact and found else None, found, current=current, silent=silent)


def _judged_with_owners(found: Finding, uids: Uids, known: _Known) -> Finding:
    desired = linked(found.desired, uids)
    if found.live is None or missing(desired, uids):
        return replace(found, desired=desired, lacks_owner=True)
    return _judged(desired, found.live, exact=known.exact)
