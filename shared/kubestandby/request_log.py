"""Requests and outcomes in a control bucket: who asked for what, and what came of it. Both are written once."""

import secrets
from datetime import UTC

from kubestandby import codec, layout
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError, ObjectMissingError
from kubestandby.layout import Action
from kubestandby.ports import Clock, ObjectStore
from kubestandby.requests import Outcome, Request
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

MAX_REQUEST_BYTES = 64 * 1024
MAX_OUTCOME_BYTES = 4 * 1024 * 1024
_TIME_FORMAT = "%Y%m%dT%H%M%S.%fZ"
_AGAIN = "."
"""Parts a continuation's attempt from the id of the request that it continues."""


class RequestLog:
    """The requests of one site. Holds no state: every answer is read from the bucket."""

    def __init__(self, control: ObjectStore, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def submit(  # noqa: PLR0913 - the fields of a request
        self,
        group: GroupName,
        action: Action,
        *,
        origin: str,
        snapshot: SnapshotId | None = None,
        to: SiteName | None = None,
        mode: str = "",
        continues: str = "",
        attempt: int = 1,
    ) -> Request:
        """Writes a request down; its creation is the event that starts the work.

        Raises:
            FormatError: `continues` is not a request's name.
            StoreError: it could not be written.
        """
        now = self._clock.now().astimezone(UTC)
        request = Request(
            group=group,
            name=f"{now.strftime(_TIME_FORMAT)}-{action}-{self._new_id(group, continues, attempt)}",
            action=action,
            origin=origin,
            requested_at=now,
            snapshot=snapshot,
            to=to,
            mode=mode,
            continues=continues,
            attempt=attempt,
        )
        create_object(self._control, layout.request_key(group, request.name), codec.encode(request))
        return request

    def read(self, group: GroupName, name: str) -> Request:
        """The request of this name.

        Raises:
            ObjectMissingError: there is none.
            FormatError: it is not a request in our form, or not the one that its key says.
            StoreError: it cannot be read.
        """
        key = layout.request_key(group, name)
        parsed = layout.parse_request_key(key)
        if parsed is None:
            raise FormatError(f"{name[:80]!r} is not a request's name")
        what = f"request {key} in {self._control.url}"
        request = codec.decode(self._control.get(key, max_bytes=MAX_REQUEST_BYTES), Request, what)
        if (request.group, request.name, request.action) != (group, name, parsed.action):
            raise FormatError(f"{what} is that of another request")
        return request

    def requests(self, group: GroupName) -> tuple[str, ...]:
        """Names of all requests, oldest first.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        keys = (layout.parse_request_key(key) for key in self._control.list(layout.request_prefix(group)))
        return tuple(sorted(key.name for key in keys if key))

    def outcome(self, group: GroupName, name: str) -> Outcome | None:
        """The outcome under this name (`Request.outcome_name`), None while there is none.

        Raises:
            FormatError: it is not an outcome in our form, or another request's.
            StoreError: it cannot be read.
        """
        key = layout.outcome_key(group, name)
        try:
            data = self._control.get(key, max_bytes=MAX_OUTCOME_BYTES)
        except ObjectMissingError:
            return None
        what = f"outcome {key} in {self._control.url}"
        outcome = codec.decode(data, Outcome, what)
        if (outcome.group, outcome.request) != (group, name):
            raise FormatError(f"{what} is that of another request")
        return outcome

    def finish(self, outcome: Outcome) -> None:
        """Writes the outcome; where there is one already, that one stays.

        Raises:
            StoreError: it could not be written.
        """
        try:
            create_object(self._control, layout.outcome_key(outcome.group, outcome.request), codec.encode(outcome))
        except ObjectExistsError:
            return

    def pending(self, group: GroupName) -> tuple[str, ...]:
        """Names of the requests without an outcome, oldest first; a continuation counts as the one that it continues.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        prefix = layout.outcome_prefix(group)
        finished = {key.removeprefix(prefix).removesuffix(".json") for key in self._control.list(prefix)}
        return tuple(name for name in self.requests(group) if name not in finished and not is_continuation(name))

    def _new_id(self, group: GroupName, continues: str, attempt: int) -> str:
        """Eight random hex digits; a continuation keeps those of its origin and adds its attempt."""
        if not continues:
            return secrets.token_hex(4)
        if layout.parse_request_key(layout.request_key(group, continues)) is None:
            raise FormatError(f"{continues[:80]!r} is not a request's name")
        origin_id = continues.rpartition("-")[2].partition(_AGAIN)[0]
        return f"{origin_id}{_AGAIN}{attempt}"


def is_continuation(name: str) -> bool:
    """Whether a request of this name continues another one."""
    return _AGAIN in name.rpartition("-")[2]
