"""From an event to the work that it hints at, and from the work to its outcome object.

An event is only a hint: it may come twice, late, out of order or for somebody else. What is to be done is read from
the objects; what has an outcome already is not done again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from kubestandby.adapters.store_urls import placed
from kubestandby.errors import (
    BadInputError,
    IncompleteSnapshotError,
    LikelySecretsError,
    NeedsPrivilegeError,
    ObjectMissingError,
    OutOfTimeError,
    ReplayedSnapshotError,
    RoleError,
    SnapshotError,
    SnapshotNotFoundError,
    StaleSnapshotError,
    StandbyError,
    UntrustedRecordError,
)
from kubestandby.events import ObjectCreated
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import FUNCTION_OF, Action, Function, IndexKey, RequestKey, parse_index_key, parse_request_key
from kubestandby.requests import NEEDS_PRIVILEGE, Outcome, Request, Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.continuing import Continuing, GoesOn, as_asked_first, later_attempt, whole
from kubestandby.runtime.deadlines import NEVER, Deadline
from kubestandby.runtime.exclusion import BusyError, Exclusion
from kubestandby.runtime.logs import bound
from kubestandby.runtime.work import ArrivedSnapshot, Handlers, RequestedWork, Result
from kubestandby.snapshots import Stage

_LOG = logging.getLogger(__name__)
_ERRORS = (Verdict.FAILED, Verdict.REFUSED, Verdict.NEEDS_PRIVILEGE)
_REFUSALS = (
    LikelySecretsError,
    RoleError,
    SnapshotNotFoundError,
    IncompleteSnapshotError,
    ReplayedSnapshotError,
    StaleSnapshotError,
    UntrustedRecordError,
)

_ACTION_OF = {Stage.RAW: Action.SANITIZE, Stage.SANITIZED: Action.RESTORE}
"""What is asked for where a snapshot of this stage has to be worked on again."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """There is nothing to do: not for this function or site, or done before. `reason` is for the log."""

    reason: str


class Dispatcher:
    """Finds out what one event means to one function and has its handlers do it."""

    def __init__(
        self,
        function: Function,
        context: Context,
        build: Callable[[Context], Handlers],
        exclusion: Exclusion,
        deadline: Deadline = NEVER,
    ) -> None:
        """`deadline`: when the work has to stop; what is written of it afterwards does not count."""
        self._function = function
        self._context = context
        self._working = context.until(deadline)
        self._handlers = build(self._working)
        self._exclusion = exclusion
        self._continuing = Continuing(self._working, context.clock.now())

    def dispatch(self, event: ObjectCreated) -> Result | Ignored | GoesOn:
        """Does what the event hints at, if that is anything for this function, and is not done yet.

        Raises:
            BadInputError: the event is of a bucket that is in no group.
            StandbyError: a transient one, where the event should be delivered again.
        """
        result = self._on_key(self._placed(event))
        if isinstance(result, Ignored):
            _LOG.info("event_ignored", extra={"reason": result.reason})
        return result

    def _on_key(self, event: ObjectCreated) -> Result | Ignored | GoesOn:
        request, index = parse_request_key(event.key), parse_index_key(event.key)
        if request:
            return self._on_request_key(event.bucket, request)
        if index:
            return self._on_index_key(event.bucket, index)
        return Ignored("no_request_and_no_index")

    def _placed(self, event: ObjectCreated) -> ObjectCreated:
        """The event with bucket and key as the configuration has them."""
        sites = (site for group in self._context.groups for site in group.sites)
        found = placed(event, (url for site in sites for url in (site.data, site.control)))
        if found is None:
            raise BadInputError("the event is of a bucket that is in no group of the configuration; check either")
        return found

    def _on_request_key(self, bucket: str, key: RequestKey) -> Result | Ignored | GoesOn:
        group = self._context.group(key.group)
        site = group and self._served_site(group, control=bucket)
        if not group or not site:
            return Ignored("group_or_site_not_served_here")
        if FUNCTION_OF[key.action] is not self._function:
            return Ignored("request_for_another_function")
        with bound(group=group.name, site=site.name, request=key.name):
            return self._on_request(group, site, key)

    def _on_request(self, group: ProtectionGroup, site: Site, key: RequestKey) -> Result | Ignored | GoesOn:
        requests = self._context.requests(site)
        try:
            request = requests.read(group.name, key.name)
            requests.check_timely(request)
        except ObjectMissingError:
            return Ignored("request_is_gone")
        except SnapshotError as error:
            return self._finish(group, site, key.name, _failed(error))
        if request.action is Action.EXPORT and not requests.is_due(request.name):
            raise BusyError(f"request {request.name} is not due yet; the same again in a while")
        with self._exclusion.hold(group.name, site.name):
            if requests.outcome(group.name, request.outcome_name):
                return Ignored("request_has_its_outcome")
            if later_attempt(requests, group, request):
                return Ignored("a_later_attempt_goes_on")
            result = self._attempt(RequestedWork(group, site, as_asked_first(requests, request)))
            if isinstance(result, GoesOn):
                return result
            return self._finish(group, site, request.outcome_name, whole(result, request), request)

    def _attempt(self, work: RequestedWork) -> Result | GoesOn:
        request = work.request
        _LOG.info(
            "request_started", extra={"action": request.action, "origin": request.origin, "attempt": request.attempt}
        )
        try:
            if request.action is Action.EXPORT:
                # Before it looks: whoever asks from here on may have changed what it has looked at already.
                self._context.requests(work.site).begin(work.group.name, request.outcome_name)
            return self._handlers.carry_out(work)
        except OutOfTimeError as error:
            return self._continuing.request(work, error)
        except StandbyError as error:
            if error.transient and not self._somebody_waits(work):
                raise
            return _failed(error)

    def _somebody_waits(self, work: RequestedWork) -> bool:
        """Whether a person is better served by the cause at once than by trying again until they give up.

        Not so for a failover whose epoch is written: that has to come through. Before, roles are as they were, and
        what does not tell its cause would be done hours later, when whoever asked has decided otherwise.
        """
        if work.request.origin != "operator":
            return False
        return work.request.action is not Action.FAILOVER or not self._may_have_begun(work)

    def _may_have_begun(self, work: RequestedWork) -> bool:
        """Whether the failover's epoch is written, as far as can be seen."""
        try:
            roles = self._context.roles(work.group, allow_rivals=True)
        except StandbyError:
            return True
        begun = (roles.epoch, *roles.rivals)
        return any(epoch.request == work.request.outcome_name for epoch in begun)

    def _on_index_key(self, bucket: str, key: IndexKey) -> Result | Ignored | GoesOn:
        group = self._context.group(key.group)
        site = group and self._served_site(group, data=bucket)
        if not group or not site:
            return Ignored("group_or_site_not_served_here")
        if key.stage is not self._handlers.stage or not self._handlers.take_in:
            return Ignored("snapshot_for_another_function")
        with bound(group=group.name, site=site.name, snapshot=str(key.id)), self._exclusion.hold(group.name, site.name):
            _LOG.info("snapshot_started")
            try:
                result = self._handlers.take_in(ArrivedSnapshot(group, site, key.id))
            except OutOfTimeError as error:
                return self._continuing.snapshot(ArrivedSnapshot(group, site, key.id), _ACTION_OF[key.stage], error)
            except StandbyError as error:
                if error.transient:
                    raise
                return self._finish(group, site, f"{self._function}-{key.id}", _failed(error))
            _LOG.info("snapshot_taken_in", extra={"verdict": result.verdict, "said": result.message})
            return result

    def _served_site(self, group: ProtectionGroup, *, data: str = "", control: str = "") -> Site | None:
        sites = self._context.served_sites(group)
        return next((site for site in sites if site.data == data or site.control == control), None)

    def _finish(
        self, group: ProtectionGroup, site: Site, name: str, result: Result, request: Request | None = None
    ) -> Result:
        """Writes the outcome. One that cannot be written now has the event delivered again; the work converges."""
        outcome = Outcome(
            group=group.name,
            request=name,
            verdict=result.verdict,
            message=result.message,
            finished_at=self._context.clock.now(),
            snapshot=result.snapshot,
            report=result.report,
            details=result.details,
        )
        self._context.requests(site).finish(outcome)
        level = logging.ERROR if result.verdict in _ERRORS else logging.INFO
        action = {"action": request.action} if request else {}
        _LOG.log(
            level, "request_done", extra={"outcome": name, "verdict": result.verdict, "said": result.message, **action}
        )
        return result


def _failed(error: StandbyError) -> Result:
    if isinstance(error, NeedsPrivilegeError):
        details = {NEEDS_PRIVILEGE: dict(error.needs)}
        return Result(verdict=Verdict.NEEDS_PRIVILEGE, message=str(error), details=details)
    verdict = Verdict.REFUSED if isinstance(error, _REFUSALS) else Verdict.FAILED
    return Result(verdict=verdict, message=str(error))
