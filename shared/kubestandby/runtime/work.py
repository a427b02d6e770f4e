"""What the runtime hands to a function's handler, and what the handler hands back. Data only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubestandby.errors import NeedsPrivilegeError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.requests import NEEDS_PRIVILEGE, Request, Verdict
from kubestandby.snapshots import SnapshotId, Stage


@dataclass(frozen=True, slots=True)
class RequestedWork:
    """A request without an outcome, found in the control bucket of `site`."""

    group: ProtectionGroup
    site: Site
    request: Request


@dataclass(frozen=True, slots=True)
class ArrivedSnapshot:
    """A snapshot whose index came into being in the data bucket of `site`."""

    group: ProtectionGroup
    site: Site
    id: SnapshotId


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a piece of work ended; becomes the request's outcome. `message` is one sentence for the operator.

    Attributes:
        report: key of the restore report in the data bucket, "" where there is none.
        details: figures for the operator (counts, seconds); never manifest data.
    """

    verdict: Verdict
    message: str
    snapshot: SnapshotId | None = None
    report: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def lacking(self, error: NeedsPrivilegeError, so_far: str) -> "Result":
        """The same work, for which rights were missing; `so_far` says what became of it without them."""
        details = {**self.details, NEEDS_PRIVILEGE: dict(error.needs)}
        return replace(self, verdict=Verdict.NEEDS_PRIVILEGE, message=f"{so_far}; {error}", details=details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What one function does with what comes to it.

    Every callable may raise a `StandbyError`: a transient one has the event delivered again, any other is the outcome.

    Attributes:
        carry_out: does what a request asks for.
        stage: the stage whose new snapshots concern this function; None for none.
        take_in: what it does with such a snapshot.
        tick: makes good what lost events left undone; returns figures for the log.
    """

    carry_out: Callable[[RequestedWork], Result]
    stage: Stage | None = None
    take_in: Callable[[ArrivedSnapshot], Result] | None = None
    tick: Callable[[], Mapping[str, Any]] | None = None
