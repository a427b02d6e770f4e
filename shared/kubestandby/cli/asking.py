"""Asking a function for something: its process where it has to be started, the request, the wait for the outcome."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from kubestandby.adapters.group_file import bucket_urls
from kubestandby.cli import exits
from kubestandby.cli.progress import Steps
from kubestandby.cli.session import Session, check_keys, check_operator, reports_at, requests_at
from kubestandby.cli.waiting import wait_for_outcome
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.keys.authority import HARMLESS, OPERATOR
from kubestandby.layout import Action
from kubestandby.reports import RestoreReport
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.roles import CurrentEpoch
from kubestandby.runtime.local import AlreadyRunningError, running
from kubestandby.runtime.supervisor import Functions
from kubestandby.snapshots import SnapshotId

_LOOK_EVERY_SECONDS = 3.0

FUNCTIONS_VARIABLE = "KUBESTANDBY_FUNCTIONS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for, and how long to wait for it (seconds). `after`: for a failover: the roles as they are."""

    action: Action
    site: Site
    timeout: float
    snapshot: SnapshotId | None = None
    accept_stale: SnapshotId | None = None
    mode: str = ""
    prune_all: bool = False
    after: CurrentEpoch | None = None


class FunctionsAtWork:
    """The functions, for as long as a block runs: those of `up` or of the cloud where there are any, else our own."""

    def __init__(self, session: Session, steps: Steps, *, ticks: bool = True) -> None:
        """`ticks`: whether our own take up what was left undone before, such as a restore that did not come through."""
        self._session = session
        self._ticks = ticks
        self._steps = steps
        self._own: Functions | None = None
        self._exit = ExitStack()
        self._looked_at = session.clock.now()

    def __enter__(self) -> Self:
        """Starts our own where there are no others; raises like `Functions`."""
        self._start_if_needed()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops our own."""
        self._exit.close()

    def ensure(self) -> None:
        """To be called while waiting: those that were at work may have been another command's, and stop with it."""
        now = self._session.clock.now()
        if self._own is None and (now - self._looked_at).total_seconds() >= _LOOK_EVERY_SECONDS:
            self._looked_at = now
            self._start_if_needed()

    @property
    def log(self) -> str:
        """The file that the functions of this machine log to, "" where they run elsewhere."""
        info = running(self._session.config)
        return info.log if info else ""

    def settle(self, seconds: float) -> None:
        """Lets our own come to rest: every event delivered, every request answered."""
        if self._own is not None:
            self._own.quiet(seconds)

    def _start_if_needed(self) -> None:
        if not needs_own_functions(self._session):
            return
        check_keys(self._session.groups)
        functions = Functions(self._session.config, self._session.groups, ticks=self._ticks)
        try:
            with self._steps.doing("starting the three functions"):
                self._own = self._exit.enter_context(functions)
        except AlreadyRunningError:
            # Another command started them at this very moment; `ensure` looks again.
            self._own = None


def needs_own_functions(session: Session) -> bool:
    """Whether this command has to start the functions: no `up` serves the configuration here, nor does a cloud.

    A bucket in OCI comes with functions there. Where others run them, on Knative or on another machine, the variable
    KUBESTANDBY_FUNCTIONS=elsewhere says so.
    """
    in_cloud = any(url.startswith("oci:") for url in bucket_urls(session.groups))
    elsewhere = os.environ.get(FUNCTIONS_VARIABLE) == "elsewhere"
    return not in_cloud and not elsewhere and running(session.config) is None


def _only_looks(wish: Wish) -> bool:
    """Whether the command promises to change nothing: then nothing else that waits may change anything meanwhile."""
    return wish.action is Action.PLAN or wish.mode == RestoreMode.REHEARSE


def ask(
    session: Session, group: ProtectionGroup, wish: Wish, steps: Steps, *, telling: Callable[[], str] | None = None
) -> Outcome:
    """Writes the request to the site's control bucket and waits for its outcome; `telling` says what is going on.

    Raises:
        WaitedTooLongError: there was no outcome in time.
        ConfigError: the operator's key is needed, and is not here.
        StoreError: the site's control bucket cannot be used.
    """
    if wish.action not in HARMLESS:
        check_operator(group)
    log = requests_at(session, wish.site)
    with FunctionsAtWork(session, steps, ticks=not _only_looks(wish)) as functions:
        request = _submit(log, group, wish)
        with steps.doing(f"{wish.action} of {group.name} at {wish.site.name}, request {request.name}") as step:

            def between() -> None:
                functions.ensure()
                if telling is not None:
                    step.now(telling())

            outcome = wait_for_outcome(
                log,
                request,
                wish.site,
                clock=session.clock,
                seconds=wish.timeout,
                between=between,
                log_file=functions.log,
            )
            if status_of(outcome) != exits.OK:
                step.fail()
            return outcome


def _submit(log: RequestLog, group: ProtectionGroup, wish: Wish) -> Request:
    return log.submit(
        group.name,
        wish.action,
        origin=OPERATOR,
        snapshot=wish.snapshot,
        to=wish.site.name if wish.action is Action.FAILOVER else None,
        accept_stale=wish.accept_stale,
        mode=wish.mode,
        prune_all=wish.prune_all,
        after_epoch=wish.after.epoch.number if wish.after else 0,
        after_sha256=wish.after.sha256 if wish.after else "",
    )


def report_for(outcome: Outcome, site: Site) -> RestoreReport | None:
    """The report that the outcome names, None where it names none."""
    return reports_at(site).read(outcome.report) if outcome.report else None


def status_of(outcome: Outcome) -> int:
    """The exit status that an outcome means."""
    return exits.OK if outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED) else exits.FAILED
