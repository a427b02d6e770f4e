"""Requests as they lie in a control bucket: signed, written once, believed or not.

A request counts if whoever signed it may ask for what it asks (`keys.authority`), under the very name and in the very
bucket that it was signed for. A continuation counts if it asks for what the request that it continues does.
"""

from collections.abc import Iterator
from dataclasses import replace

from kubestandby import layout
from kubestandby.control_records import Place, RecordKind, Signed, read_record, sign_record, stored_record
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectMissingError, ObjectTooLargeError, SnapshotError, UntrustedRecordError
from kubestandby.keys import authority
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.ports import ObjectStore
from kubestandby.request_names import is_continuation
from kubestandby.requests import Request
from kubestandby.snapshots import GroupName, SiteName

MAX_REQUEST_BYTES = 128 * 1024
_MAX_EXISTING_BYTES = 8 * 1024 * 1024


class StoredRequests:
    """The requests in the control bucket of one site."""

    def __init__(self, control: ObjectStore, keyring: Keyring, site: SiteName, own_site: SiteName) -> None:
        """`own_site`: whose keys sign here."""
        self._control = control
        self._keyring = keyring
        self._site = site
        self._own_site = own_site

    def write(self, request: Request, by: KeyRole | None = None) -> None:
        """Signs the request in the role `by`, or in the one that is meant for it, and writes it.

        Raises:
            ObjectExistsError: there is one of this name.
            ConfigError: the key that has to sign it is not on this machine.
            StoreError: it could not be written.
        """
        key = layout.request_key(request.group, request.name)
        place = Place(group=request.group, site=self._site, key=key)
        role = by or self._role_for(request)
        data = sign_record(self._keyring, RecordKind.REQUEST, place, request, role, self._own_site)
        create_object(self._control, key, data)

    def signed(self, group: GroupName, name: str) -> Signed[Request]:
        """The request of this name, with its signature.

        Raises:
            ObjectMissingError: there is none.
            FormatError: that is no request's name.
            UntrustedRecordError: it does not count.
            StoreError: it cannot be read.
        """
        key = layout.request_key(group, name)
        if layout.parse_request_key(key) is None:
            raise FormatError(f"{name[:80]!r} is not a request's name")
        what = f"request {key} in {self._control.url}"
        data = stored_record(self._control, key, MAX_REQUEST_BYTES, what)
        found = believe_request(self._keyring, group, self._site, name, data, what)
        if found.record.continues:
            self._check_continues(found.record, what)
        return found

    def counts(self, group: GroupName, name: str) -> bool:
        """Whether there is a request of this name that counts.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            self.signed(group, name)
        except (ObjectMissingError, SnapshotError):
            return False
        return True

    def is_waiting(self, group: GroupName, name: str) -> bool:
        """Whether nobody has begun the request of this name, or finished it.

        Raises:
            StoreError: it cannot be found out.
        """
        return not any(self._exists(key(group, name)) for key in (layout.begun_key, layout.outcome_key))

    def first_ones(self, group: GroupName, action: Action, name_prefix: str) -> list[str]:
        """Names of requests for this action that begin so and continue nothing, oldest first.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        keys = (layout.parse_request_key(key) for key in self._control.list(layout.request_prefix(group) + name_prefix))
        return sorted(key.name for key in keys if key and key.action is action and not is_continuation(key.name))

    def _role_for(self, request: Request) -> KeyRole:
        """What a function may ask for itself needs no operator's key, where there is none on this machine."""
        own = authority.asking_role(request.action)
        if request.continues or request.origin != authority.OPERATOR:
            return own
        is_needed = request.action not in authority.HARMLESS or self._keyring.holds(KeyRole.OPERATOR)
        return KeyRole.OPERATOR if is_needed else own

    def _check_continues(self, request: Request, what: str) -> None:
        """Makes sure that a continuation asks for what the request asked that it continues, which counts."""
        try:
            first = self.signed(request.group, request.continues).record
        except (ObjectMissingError, SnapshotError) as error:
            raise UntrustedRecordError(f"{what} continues a request that does not count: {error}") from error
        asked = replace(
            request,
            name=first.name,
            requested_at=first.requested_at,
            continues="",
            attempt=first.attempt,
            parts=first.parts,
        )
        if asked != first:
            raise UntrustedRecordError(f"{what} asks for something else than {first.name}, which it continues")

    def _exists(self, key: str) -> bool:
        try:
            self._control.get(key, max_bytes=_MAX_EXISTING_BYTES)
        except ObjectMissingError:
            return False
        except ObjectTooLargeError:
            return True
        return True


def believe_request(
    keyring: Keyring, group: GroupName, site: SiteName, name: str, data: bytes, what: str
) -> Signed[Request]:
    """The request in these bytes, if it was signed as this one, for this site, by a key that may ask for it.

    Raises:
        UntrustedRecordError: it was not.
    """
    key = layout.request_key(group, name)
    place = Place(group=group, site=site, key=key)
    found = read_record(keyring, RecordKind.REQUEST, place, data, Request, roles=authority.ASKING_ROLES, what=what)
    request, parsed = found.record, layout.parse_request_key(key)
    if parsed is None or (request.group, request.name, request.action) != (group, name, parsed.action):
        raise UntrustedRecordError(f"{what} is that of another request")
    if objection := authority.objection(request, found.key, site):
        raise UntrustedRecordError(f"{what} is refused: {objection}")
    return found


def request_names(control: ObjectStore, group: GroupName, beginning: str = "") -> Iterator[str]:
    """Names of all requests in a control bucket, or of those that begin so, in no order."""
    keys = (layout.parse_request_key(key) for key in control.list(layout.request_prefix(group) + beginning))
    return (key.name for key in keys if key)


def pending_names(control: ObjectStore, group: GroupName) -> tuple[str, ...]:
    """Names of the requests without an outcome, oldest first; a continuation counts as the one that it continues.

    Raises:
        StoreError: the bucket cannot be listed.
    """
    prefix = layout.outcome_prefix(group)
    finished = {key.removeprefix(prefix).removesuffix(".json") for key in control.list(prefix)}
    names = sorted(request_names(control, group))
    return tuple(name for name in names if name not in finished and not is_continuation(name))
