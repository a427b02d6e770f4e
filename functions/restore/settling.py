"""Settles by a dry run what really would change in objects that seem to differ from what is desired. Writes nothing.

The server defaults and canonicalises the desired object as it would in a real apply, and admission takes part: an
object that comes out as it is live is unchanged.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Cluster
from kubestandby.reports import Change, FieldDiff, ObjectResult
from kubestandby.resources import Manifest

from .comparing import covers
from .diffs import field_diffs, without_servers_fields
from .plans import DesiredObject, Identity, Method, PlannedObject
from .refusals import describe, is_invalid, refuses_dry_run
from .sending import WHOLE_REASON, Sent, replacement, send
from .survey import Finding

_PROBE_NAME = "kubestandby-probe"


def settle(
    cluster: Cluster, pool: Executor, findings: Iterable[Finding]
) -> Mapping[Identity, PlannedObject | ObjectResult]:
    """Asks the server about each finding that has a live object.

    Returns:
        a planned change, or the result where nothing will be sent: unchanged, or refused for good.

    Raises:
        ClusterUnavailableError: the cluster cannot be reached any more.
    """
    open_findings = [finding for finding in findings if finding.live is not None and not finding.being_deleted]
    answers = pool.map(lambda finding: _settle_one(cluster, finding.desired, finding.live or {}), open_findings)
    return {finding.desired.identity: answer for finding, answer in zip(open_findings, answers, strict=True)}


def _settle_one(cluster: Cluster, desired: DesiredObject, live: Manifest) -> PlannedObject | ObjectResult:
    try:
        sent = send(cluster, desired, dry_run=True)
    except ClusterUnavailableError as error:
        cluster.identity()  # raises where the whole cluster is away; else it is this object's webhook, say
        return _unsettled(desired, live, error)
    except ClusterError as error:
        if is_invalid(error) and _would_be_valid_anew(cluster, desired):
            reason = f"recreate needed: {describe(error)}; delete the live object, and restore again"
            return ObjectResult(ref=desired.ref, change=Change.FAILED, reason=reason)
        return _unsettled(desired, live, error)
    return _settled(desired, live, sent)


def _settled(desired: DesiredObject, live: Manifest, sent: Sent) -> PlannedObject | ObjectResult:
    if without_servers_fields(live) == without_servers_fields(sent.manifest):
        return ObjectResult(ref=desired.ref, change=Change.UNCHANGED, reason=desired.note)
    whole = sent.method is Method.WHOLE
    return PlannedObject(
        desired=desired,
        change=Change.CONFIGURED,
        reason=WHOLE_REASON if whole else desired.note,
        diffs=field_diffs(desired.ref, live, sent.manifest),
        method=sent.method,
        live_version=live["metadata"].get("resourceVersion", ""),
    )


def _unsettled(desired: DesiredObject, live: Manifest, error: ClusterError) -> PlannedObject:
    """It will be tried: what the dry run lacked (a role, a webhook's server) may be there by then."""
    words = describe(error)
    return PlannedObject(
        desired=desired,
        change=Change.CONFIGURED,
        reason=f"its dry run was refused: {words}",
        refused="" if refuses_dry_run(error) else words,
        diffs=_own_diffs(desired, live),
        live_version=live["metadata"].get("resourceVersion", ""),
    )


def _own_diffs(desired: DesiredObject, live: Manifest) -> tuple[FieldDiff, ...]:
    """Without the server's word: the desired fields against the same fields of the live object."""
    changed = {
        key: value for key, value in replacement(desired.manifest, live).items() if not covers(value, live.get(key))
    }
    return field_diffs(desired.ref, {**live}, {**live, **changed})


def _would_be_valid_anew(cluster: Cluster, desired: DesiredObject) -> bool:
    """Whether the same object under a new name would pass: then the change is what the server refuses, not the content.

    That is what "immutable" means, without reading the server's prose.
    """
    metadata = {**desired.manifest["metadata"], "name": _PROBE_NAME}
    try:
        cluster.create(desired.resource, {**desired.manifest, "metadata": metadata}, dry_run=True)
    except ClusterError:
        return False
    return True
