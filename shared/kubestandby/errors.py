"""All errors of kubestandby, the hierarchy on top.

Every message is one sentence, `<object> <what failed> (<reason>): <cause>; <next step>`, and never holds manifest data.
SDK exceptions stop at the adapters, chained with `from`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class StandbyError(Exception):
    """The root: whatever goes wrong in kubestandby and is not a bug.

    `transient` says whether the same step may succeed when it is tried again without anybody doing anything:
    a function answers 503 to it, so that its event is delivered again.
    """

    transient = False


class ConfigError(StandbyError):
    """The configuration is wrong; the message names the file, the line and the field."""


class BadInputError(StandbyError):
    """A request or an event that nobody can understand: answered 4xx, never echoed."""


class LikelySecretsError(StandbyError):
    """The group refuses snapshots in which likely secrets are in clear; the message names them."""


class RoleError(StandbyError):
    """This site may not do this now: another site is primary, or the clusters are the same one."""


class OutOfTimeError(StandbyError):
    """The platform's time for one call is over; the work stopped between two steps, and goes on in another call.

    Attributes:
        before: the step that there was no time for.
        waited_seconds: how long workloads were waited for, where that is what the work was at.
    """

    transient = True

    def __init__(self, message: str, *, before: str, waited_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.before = before
        self.waited_seconds = waited_seconds


class SnapshotError(StandbyError):
    """A snapshot that cannot be used."""


class SnapshotNotFoundError(SnapshotError):
    """There is no such snapshot, or none that is complete."""


class IncompleteSnapshotError(SnapshotError):
    """The export could not read everything; restored only if an operator names it."""


class StaleSnapshotError(SnapshotError):
    """No newer snapshot and no heartbeat came by the deadline: it may have been held back, or be an old one."""


class ReplayedSnapshotError(SnapshotError):
    """Older than what the standby has already had, or another one of the same number, or from another history."""


class IntegrityError(SnapshotError):
    """Stored bytes are not what their index says: truncated, flipped, swapped, a member too many or too few."""


class UntrustedRecordError(IntegrityError):
    """A request, outcome, epoch, mark or report that nobody who may has signed, or not for this place: never believed.

    It is no snapshot's fault, yet one of the same kind: stored bytes that are not what they pass for. What to do about
    it is always the same, and is added to the message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message if "; " in message else f"{message}; it does not count: look who can write there")


class FormatError(SnapshotError):
    """Bytes that are not in our stored form."""


class UnsealError(SnapshotError):
    """What is sealed cannot be opened: no key here opens it, or it was changed or moved."""


class ManifestError(StandbyError):
    """One object's manifest cannot be processed; the message starts with the object."""


class StoreError(StandbyError):
    """An object store refused or failed."""


class StoreUnavailableError(StoreError):
    """The object store cannot be reached now."""

    transient = True


class VaultError(StandbyError):
    """A vault refused to give a secret, or to sign."""


class VaultUnavailableError(VaultError):
    """The vault cannot be reached now."""

    transient = True


class ObjectExistsError(StoreError):
    """Create-only lost the race: there is an object of this key already."""


class ObjectMissingError(StoreError):
    """There is no object of this key."""


class ObjectTooLargeError(StoreError):
    """The object is larger than the reader takes on; no more than that was read."""


class ClusterError(StandbyError):
    """A Kubernetes API server refused or failed.

    Attributes:
        status: HTTP status of the answer, 0 where there was none.
        reason: `reason` of the Kubernetes Status object ("Forbidden", "Invalid"), or a short word of ours.
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class ClusterUnavailableError(ClusterError):
    """The API server cannot be reached, or answered 429 or 5xx for longer than the retry budget."""

    transient = True


class NeedsPrivilegeError(ClusterError):
    """Rights are missing on a cluster, which only its administrator can give.

    Attributes:
        needs: what is missing, whose, and what to apply: `identity`, `site`, `missing` and `manifest`, as JSON.
    """

    def __init__(self, message: str, needs: Mapping[str, object]) -> None:
        super().__init__(message, status=403, reason="Forbidden")
        self.needs = needs


class ListExpiredError(ClusterError):
    """410 in the middle of a paged list: the list has to start again."""


@contextmanager
def next_step(step: str) -> Iterator[None]:
    """What to do about bytes that cannot be used, which only who reads them knows: said where nothing is said yet."""
    try:
        yield
    except SnapshotError as error:
        if "; " in str(error):
            raise
        raise type(error)(f"{error}; {step}") from error
