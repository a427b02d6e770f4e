"""Settles by a dry run what really would change in objects that seem to differ from what is desired. Writes nothing.

The server defaults and canonicalises the desired object as it would in a real apply, and admission takes part: an
object that comes out as it is live is unchanged. What differs is dealt with as the group's `spec.restore` says.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import ConflictPolicy, RestoreSettings
from kubestandby.ports import Cluster
from kubestandby.reports import Change, FieldDiff, ObjectResult
from kubestandby.resources import Manifest, ObjectRef

from .claims import claims_of
from .comparing import covers, is_ours
from .diffs import field_diffs, without_servers_fields
from .drift import drift, is_touched
from .emptied import becomes_empty, with_emptied
from .filling import is_filled_in
from .plans import DesiredObject, Identity, Method, PlannedObject, Uids
from .probing import made_anew
from .pruning import NEVER
from .readiness import is_custom
from .refusals import describe, is_invalid, refuses_dry_run
from .sending import WHOLE_REASON, Sent, replacement, send, send_exactly
from .survey import Finding
from .waves import CRD, NAMESPACE

_LINKED_LATER = FieldDiff(path="metadata.ownerReferences", live="", desired="(its owner, when that is made)")
_LEFT_ALONE = "exists and differs; left alone (spec.restore.conflict: skip)"

Answer = PlannedObject | ObjectResult


def settle(
    cluster: Cluster, pool: Executor, findings: Iterable[Finding], settings: RestoreSettings, unmarked: Uids
) -> Mapping[Identity, Answer]:
    """Asks the server about each finding that has a live object; `unmarked` are ours without any field of ours.

    Returns:
        a planned change, or the result where nothing will be sent: unchanged, left alone, or refused for good.

    Raises:
        ClusterUnavailableError: the cluster cannot be reached any more.
    """
    settler = _Settler(cluster, settings, unmarked)
    open_findings = [finding for finding in findings if finding.live is not None and not finding.being_deleted]
    answers = pool.map(lambda finding: settler.settle(finding, finding.live or {}), open_findings)
    return {finding.desired.identity: answer for finding, answer in zip(open_findings, answers, strict=True)}


@dataclass(frozen=True, slots=True)
class _Settler:
    cluster: Cluster
    settings: RestoreSettings
    unmarked: Uids

    def settle(self, finding: Finding, live: Manifest) -> Answer:
        """What is to become of one object."""
        desired = finding.desired
        try:
            sent = self._ask(desired, live)
        except ClusterUnavailableError as error:
            self.cluster.identity()  # raises where the whole cluster is away; else it is this object's webhook, say
            return self._undecided(desired, live, error)
        except ClusterError as error:
            return self._refused(desired, live, error)
        sent = replace(sent, manifest=with_emptied(sent.manifest, desired.manifest, live))
        if _differ(live, sent.manifest) or finding.lacks_owner:
            return self._differing(finding, live, sent)
        return self._unchanged(desired, sent.manifest)

    def _unchanged(self, desired: DesiredObject, live: Manifest) -> ObjectResult:
        found = drift(desired.ref, desired.manifest, live)
        return ObjectResult(ref=desired.ref, change=Change.UNCHANGED, reason=desired.note, drift=found)

    def _leaves_alone(self, live: Manifest) -> bool:
        """Whether the object is others' affair altogether."""
        return self.settings.conflict is ConflictPolicy.SKIP and not self._is_ours(live)

    def _force(self, live: Manifest) -> bool:
        """Whether what others have changed in our objects is taken back; of others' objects it is only asked."""
        return self.settings.conflict is not ConflictPolicy.SKIP or not self._is_ours(live)

    def _is_ours(self, live: Manifest) -> bool:
        return is_ours(live) or self.unmarked.get(ObjectRef.of(live).identity) == live["metadata"]["uid"]

    def _ask(self, desired: DesiredObject, live: Manifest) -> Sent:
        if self._is_exact(desired):
            return send_exactly(self.cluster, desired, dry_run=True)
        return send(self.cluster, desired, dry_run=True, force=self._force(live))

    def _is_exact(self, desired: DesiredObject) -> bool:
        """What a cluster's own services note on a namespace is not the application's, and stays."""
        return self.settings.conflict is ConflictPolicy.REPLACE and desired.identity[:2] != NAMESPACE

    def _differing(self, finding: Finding, live: Manifest, sent: Sent) -> Answer:
        desired = finding.desired
        if self._leaves_alone(live):
            return _skipped(desired, live)
        whole = sent.method is Method.WHOLE
        if whole and not self._force(live) and is_touched(live):  # a replacement knows no conflict, as an apply does
            return _skipped(desired, live, "others have set fields of it")
        later = (_LINKED_LATER,) if finding.lacks_owner else ()
        return PlannedObject(
            desired=desired,
            change=Change.CONFIGURED,
            reason=WHOLE_REASON if whole else desired.note,
            diffs=(*field_diffs(desired.ref, live, sent.manifest), *later),
            drift=drift(desired.ref, desired.manifest, sent.manifest),
            method=sent.method,
            live_version=live["metadata"].get("resourceVersion", ""),
            force=self._force(live),
            strip=self._is_exact(desired),
        )

    def _undecided(self, desired: DesiredObject, live: Manifest, error: ClusterError) -> Answer:
        """It will be tried: what the dry run lacked (a role, a webhook's server) may be there by then."""
        words = describe(error)
        if self._leaves_alone(live):
            return _skipped(desired, live, words)
        return PlannedObject(
            desired=desired,
            change=Change.CONFIGURED,
            reason=f"its dry run was refused: {words}",
            refused="" if refuses_dry_run(error) else words,
            diffs=_own_diffs(desired, live),
            live_version=live["metadata"].get("resourceVersion", ""),
            force=self._force(live),
        )

    def _refused(self, desired: DesiredObject, live: Manifest, error: ClusterError) -> Answer:
        if error.status == 409 and not self._force(live):
            return _skipped(desired, live, describe(error))
        immutable = is_invalid(error) and not self._leaves_alone(live)
        if immutable and desired.identity[:2] == CRD:
            return _definition_refused(desired, describe(error))
        anew = made_anew(self.cluster, desired, live) if immutable else None
        if anew is None:
            return self._undecided(desired, live, error)
        if is_filled_in(desired.manifest, anew, live):
            return self._unchanged(desired, live)
        if is_custom(desired.identity[:2]) and becomes_empty(desired.manifest, live):
            return self._undecided(desired, live, error)  # refused is the null on the way there, it may well be
        return self._to_recreate(desired, live, anew, describe(error))

    def _to_recreate(self, desired: DesiredObject, live: Manifest, anew: Manifest, words: str) -> Answer:
        kind = desired.ref.gvk.kind
        if desired.identity[:2] in NEVER:
            return _recreated_by_hand(desired, words)
        claims = claims_of(self.cluster, live)
        if claims:
            reason = f"recreate needed: {words}; not done, since its claims ({', '.join(claims)}) would go with the "
            step = f"{kind}; recreate it by hand, deleting with --cascade=orphan so that they stay"
            return ObjectResult(ref=desired.ref, change=Change.FAILED, reason=f"{reason}{step}")
        if not self.settings.recreate.holds(*desired.ref.gvk.group_kind):
            reason = f"recreate needed: {words}; delete the live object, or allow it ({_permission(desired)}), and "
            return ObjectResult(ref=desired.ref, change=Change.FAILED, reason=f"{reason}restore again")
        return PlannedObject(
            desired=desired,
            change=Change.CONFIGURED,
            reason=f"recreated: {words}",
            diffs=field_diffs(desired.ref, {**live, "metadata": anew["metadata"]}, anew),
            recreates=live["metadata"]["uid"],
        )


def _definition_refused(desired: DesiredObject, words: str) -> ObjectResult:
    """Nothing that comes later in a restore makes the server take a definition: it is judged by itself alone.

    A made-up name, as `made_anew` asks with, is none that a definition may have.
    """
    reason = (
        f"{words}; bring the standby's definition in line with the primary's by hand: a restore never deletes one, "
        "since its custom resources would go with it"
    )
    return ObjectResult(ref=desired.ref, change=Change.FAILED, reason=reason)


def _recreated_by_hand(desired: DesiredObject, words: str) -> ObjectResult:
    reason = (
        f"recreate needed: {words}; never done to a {desired.ref.gvk.kind}, since data would go with it; have a "
        "transform make it what the standby has, or recreate it by hand once its data is safe"
    )
    return ObjectResult(ref=desired.ref, change=Change.FAILED, reason=reason)


def _permission(desired: DesiredObject) -> str:
    gvk = desired.ref.gvk
    return f"spec.restore.recreate: [{gvk.kind}{f'.{gvk.group}' if '.' in gvk.group else ''}]"


def _differ(live: Manifest, wanted: Manifest) -> bool:
    return without_servers_fields(live) != without_servers_fields(wanted)


def _skipped(desired: DesiredObject, live: Manifest, words: str = "") -> ObjectResult:
    reason = f"{_LEFT_ALONE}: {words}" if words else _LEFT_ALONE
    planned = PlannedObject(desired=desired, change=Change.SKIPPED, diffs=_own_diffs(desired, live))
    return planned.result(reason=reason)


def _own_diffs(desired: DesiredObject, live: Manifest) -> tuple[FieldDiff, ...]:
    """Without the server's word: the desired fields against the same fields of the live object."""
    changed = {
        key: value for key, value in replacement(desired.manifest, live).items() if not covers(value, live.get(key))
    }
    return field_diffs(desired.ref, {**live}, {**live, **changed})
