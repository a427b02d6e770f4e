"""Carries out a plan: sends exactly what it says, wave by wave, at the same time within a wave.

One object's refusal is an outcome; the rest goes on. What may pass by itself (a webhook whose server is still
starting, rights that the authoriser has not seen yet) is tried again after everything else.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Clock, Cluster
from kubestandby.reports import Change, ObjectResult

from .comparing import is_ours
from .definitions import await_definitions
from .deletions import await_deletions
from .live_state import is_being_deleted
from .owners import linked, missing, owners_among, without_owner
from .plans import DesiredObject, GroupKind, Identity, Method, Plan, PlannedObject, Uids
from .refusals import describe, explain, is_invalid, is_webhook_failure, may_pass, silent_webhook
from .sending import WHOLE_REASON, send, send_exactly
from .waves import CRD, NAMESPACE, definitions

LATE_PAUSES = (1.0, 3.0, 8.0, 15.0, 30.0)
"""Seconds before each further round of tries, after all waves."""

_ROUNDS_FOR_REFUSALS = 2
"""Rounds for what an answer of 403, 404 or 409 refused; an unreachable webhook gets them all."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    planned: PlannedObject
    error: ClusterError


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of an apply.

    Attributes:
        results: of each object in the plan's waves.
        unmarked: UIDs of objects on which we own no field, for they have none: the server keeps no record of us there.
    """

    results: Mapping[Identity, ObjectResult]
    unmarked: Uids


@dataclass(slots=True)
class _Run:
    """How far the apply has come.

    Attributes:
        owners: the objects whose UIDs others wait for.
        uids: of them, as far as they are known.
        unmarked: as in `Applied`.
        unlinked: objects that were sent before all of their owners were there, and the owners that were missing.
        silent_webhooks: names of those that did not answer in this round of tries.
    """

    owners: frozenset[Identity] = frozenset()
    uids: dict[Identity, str] = field(default_factory=dict)
    unmarked: dict[Identity, str] = field(default_factory=dict)
    unlinked: dict[Identity, tuple[PlannedObject, tuple[Identity, ...]]] = field(default_factory=dict)
    results: dict[Identity, ObjectResult] = field(default_factory=dict)
    refusals: dict[Identity, _Refusal] = field(default_factory=dict)
    blocked: dict[Identity, PlannedObject] = field(default_factory=dict)
    failed_namespaces: set[str] = field(default_factory=set)
    undefined_kinds: dict[GroupKind, str] = field(default_factory=dict)
    silent_webhooks: set[str] = field(default_factory=set)

    def webhook_of(self, planned: PlannedObject) -> str:
        """The webhook that did not answer when the object was sent last, "" for none."""
        refusal = self.refusals.get(planned.identity)
        return silent_webhook(refusal.error) if refusal else ""

    def why_blocked(self, planned: PlannedObject) -> str:
        """Why there is no sense in sending the object, "" for none."""
        group, kind, namespace, _ = planned.identity
        if namespace and namespace in self.failed_namespaces:
            return f"its namespace {namespace} could not be made"
        definition = "" if planned.desired.served else self.undefined_kinds.get((group, kind), "")
        return f"its definition {definition} is not served" if definition else ""

    def link(self, planned: PlannedObject) -> DesiredObject:
        """The object with references to the owners that are there by now."""
        lacking = missing(planned.desired, self.uids)
        self.unlinked.pop(planned.identity, None)
        if lacking:
            self.unlinked[planned.identity] = planned, lacking
        return linked(planned.desired, self.uids)

    def to_link(self) -> list[PlannedObject]:
        """Objects of which an owner has come after them."""
        return [planned for planned, lacking in self.unlinked.values() if any(owner in self.uids for owner in lacking)]

    def record(self, planned: PlannedObject, answer: ObjectResult | ClusterError) -> None:
        """Takes down what came of an object; a later answer replaces an earlier one."""
        identity = planned.identity
        self.refusals.pop(identity, None)
        self.blocked.pop(identity, None)
        if isinstance(answer, ClusterError):
            self.refusals[identity] = _Refusal(planned, answer)
            self.silent_webhooks.update({silent_webhook(answer)} - {""})
            answer = planned.result(Change.FAILED, explain(planned.desired.ref, planned.desired.manifest, answer))
        elif answer.change is Change.BLOCKED:
            self.blocked[identity] = planned
        self.results[identity] = answer
        self._note_parent(planned, served=answer.change not in (Change.FAILED, Change.BLOCKED))

    def _note_parent(self, planned: PlannedObject, *, served: bool) -> None:
        """Remembers which namespaces and definitions others need in vain."""
        name = planned.desired.ref.name
        if planned.identity[:2] == NAMESPACE:
            (self.failed_namespaces.discard if served else self.failed_namespaces.add)(name)
        for kind, _ in definitions([planned.desired]):
            if served:
                self.undefined_kinds.pop(kind, None)
            else:
                self.undefined_kinds[kind] = name


class Applier:
    """Applies plans to one cluster; `pool` decides how many requests are in flight."""

    def __init__(self, cluster: Cluster, clock: Clock, pool: Executor) -> None:
        self._cluster = cluster
        self._clock = clock
        self._pool = pool

    def apply(self, plan: Plan) -> Applied:
        """Sends what the plan says.

        Raises:
            ClusterUnavailableError: the cluster cannot be reached any more; running the restore again converges.
        """
        run = _Run(owners=owners_among(plan.desired), uids=dict(plan.uids))
        for wave in plan.waves:
            self._apply_wave(run, wave)
        for turn, pause in enumerate(LATE_PAUSES):
            open_objects = _worth_another_try(run, turn)
            if not open_objects:
                break
            self._clock.sleep(pause)
            run.silent_webhooks.clear()
            for wave in plan.waves:
                self._apply_wave(run, [item for item in wave if item.identity in open_objects])
        self._link_late(run)
        return Applied(run.results, run.unmarked)

    def _apply_wave(self, run: _Run, wave: Sequence[PlannedObject]) -> None:
        sendable = []
        for planned in self._await_deletions(run, wave):
            reason = run.why_blocked(planned)
            if reason:
                run.record(planned, planned.result(Change.BLOCKED, reason))
            else:
                sendable.append(planned)
        self._send(run, sendable)
        self._await_definitions(run, sendable)

    def _send(self, run: _Run, sendable: Sequence[PlannedObject]) -> None:
        """Sends them; of those that the same silent webhook was asked about before, the rest only if one comes through.

        Each attempt at a webhook that hangs takes its whole timeout, 10 s where its configuration names none.
        """
        asked = set(run.silent_webhooks)
        first: list[PlannedObject] = []
        rest: list[PlannedObject] = []
        for planned in sendable:
            webhook = run.webhook_of(planned)
            (rest if webhook in asked else first).append(planned)
            asked.update({webhook} - {""})
        self._send_all(run, first)
        self._send_all(run, [planned for planned in rest if run.webhook_of(planned) not in run.silent_webhooks])

    def _send_all(self, run: _Run, sendable: Sequence[PlannedObject]) -> None:
        answers = self._pool.map(lambda planned: self._attempt(run, planned), sendable)
        for planned, answer in zip(sendable, answers, strict=True):
            run.record(planned, answer)

    def _attempt(self, run: _Run, planned: PlannedObject) -> ObjectResult | ClusterError:
        answer = self._answer(run, planned)
        # Without the frames that it went through, with all that they hold: thousands of objects may be refused.
        return _alone(answer) if isinstance(answer, ClusterError) else answer

    def _answer(self, run: _Run, planned: PlannedObject) -> ObjectResult | ClusterError:
        try:
            return self._send_one(run, planned)
        except ClusterUnavailableError as error:
            self._cluster.identity()  # raises where the whole cluster is away; else only this object is concerned
            return error
        except ClusterError as error:
            if error.status == 409 and not planned.force:
                return planned.result(Change.SKIPPED, f"exists and differs; left alone: {describe(error)}")
            return error

    def _send_one(self, run: _Run, planned: PlannedObject) -> ObjectResult:
        desired = run.link(planned)
        if planned.strip:
            sent = send_exactly(self._cluster, desired)
        else:
            is_new = planned.change is Change.CREATED
            sent = send(self._cluster, desired, method=planned.method, force=planned.force, is_new=is_new)
        live = sent.manifest
        if is_being_deleted(live):
            raise ClusterError(f"{desired.ref} is being deleted; restore again when it is gone", status=409)
        if planned.identity in run.owners:
            run.uids[planned.identity] = live["metadata"]["uid"]
        if not is_ours(live):
            run.unmarked[planned.identity] = live["metadata"]["uid"]
        if planned.live_version and live["metadata"].get("resourceVersion") == planned.live_version:
            return planned.result(Change.UNCHANGED)
        if planned.recreates:
            return planned.result()
        return planned.result(reason=WHOLE_REASON if sent.method is Method.WHOLE else desired.note)

    def _link_late(self, run: _Run) -> None:
        """Objects that need each other in a circle: the owner came after what it owns."""
        self._send(run, run.to_link())
        for planned, lacking in run.unlinked.values():
            result = run.results.get(planned.identity)
            if result is not None and result.change not in (Change.FAILED, Change.BLOCKED):
                run.results[planned.identity] = replace(result, reason=without_owner(lacking))

    def _await_deletions(self, run: _Run, wave: Sequence[PlannedObject]) -> list[PlannedObject]:
        """The objects of the wave whose predecessor, if any, is gone. Those to be recreated are deleted first."""
        stuck = self._delete([item for item in wave if item.recreates])
        leaving = [item for item in wave if (item.awaits_deletion or item.recreates) and item.identity not in stuck]
        stuck.update(await_deletions(self._cluster, self._clock, [item.desired for item in leaving]))
        for item in wave:
            if item.identity in stuck:
                run.record(item, item.result(Change.FAILED, stuck[item.identity]))
        return [item for item in wave if item.identity not in stuck]

    def _delete(self, recreated: Sequence[PlannedObject]) -> dict[Identity, str]:
        """Deletes exactly the live objects that the plan saw; gives those that could not be, with the reason."""
        answers = list(self._pool.map(self._delete_one, recreated))
        return {item.identity: answer for item, answer in zip(recreated, answers, strict=True) if answer}

    def _delete_one(self, planned: PlannedObject) -> str:
        try:
            self._cluster.delete(planned.desired.resource, planned.desired.ref, uid=planned.recreates)
        except ClusterUnavailableError:
            raise
        except ClusterError as error:
            return f"it could not be deleted to be made anew: {describe(error)}"
        return ""

    def _await_definitions(self, run: _Run, sent: Iterable[PlannedObject]) -> None:
        applied = {
            item.identity: item for item in sent if item.identity[:2] == CRD and item.identity not in run.refusals
        }
        late = await_definitions(self._cluster, self._clock, [item.desired for item in applied.values()])
        for identity, reason in late.items():
            run.record(applied[identity], applied[identity].result(Change.FAILED, reason))


def _alone(error: ClusterError) -> ClusterError:
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _worth_another_try(run: _Run, turn: int) -> set[Identity]:
    again = {identity for identity, refusal in run.refusals.items() if _may_pass_in(refusal.error, turn)}
    return again | set(run.blocked) if again else set()


def _may_pass_in(error: ClusterError, turn: int) -> bool:
    if isinstance(error, ClusterUnavailableError) or is_webhook_failure(error):
        return True
    return turn < _ROUNDS_FOR_REFUSALS if may_pass(error) else turn == 0 and is_invalid(error)
