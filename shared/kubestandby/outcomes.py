"""What came of requests, signed by the function that did the work.

An outcome that does not count ends its request all the same, so that nothing is done twice; whoever waits is told.
"""

from contextlib import suppress

from kubestandby import layout
from kubestandby.control_records import Place, RecordKind, read_record, sign_record, stored_record
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError, ObjectMissingError, UntrustedRecordError
from kubestandby.keys import authority
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import FUNCTION_OF, Function
from kubestandby.ports import ObjectStore
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import GroupName, SiteName

MAX_OUTCOME_BYTES = 8 * 1024 * 1024


class Outcomes:
    """The outcomes in the control bucket of one site."""

    def __init__(self, control: ObjectStore, keyring: Keyring, site: SiteName) -> None:
        self._control = control
        self._keyring = keyring
        self._site = site

    def read(self, group: GroupName, name: str) -> Outcome | None:
        """The outcome under this name, None while there is none.

        Raises:
            FormatError: nothing that has an outcome is called so.
            UntrustedRecordError: there is one, and it does not count.
            StoreError: it cannot be read.
        """
        key = layout.outcome_key(group, name)
        what = f"outcome {key} in {self._control.url}"
        own_role = _role_of(group, name)
        try:
            data = stored_record(self._control, key, MAX_OUTCOME_BYTES, what)
        except ObjectMissingError:
            return None
        place = Place(group=group, site=self._site, key=key)
        roles = {own_role, KeyRole.EXPORT}
        found = read_record(self._keyring, RecordKind.OUTCOME, place, data, Outcome, roles=roles, what=what)
        outcome = found.record
        if (outcome.group, outcome.request) != (group, name):
            raise UntrustedRecordError(f"{what} is that of another request")
        # A tick, which is export's, gives requests up; it cannot say that another function's work is done.
        may_say_so = found.key.role is own_role or outcome.verdict is Verdict.FAILED
        if found.key.site != self._site or not may_say_so:
            raise UntrustedRecordError(f"{what} is signed by {found.key.name}, which may not say so")
        return outcome

    def write(self, outcome: Outcome, by: KeyRole | None = None) -> None:
        """Writes the outcome, signed by the function whose work it is, or in the role `by`; one that is there stays.

        Raises:
            FormatError: nothing that has an outcome is called so.
            ConfigError: the key that has to sign it is not on this machine.
            StoreError: it could not be written.
        """
        key = layout.outcome_key(outcome.group, outcome.request)
        place = Place(group=outcome.group, site=self._site, key=key)
        role = by or _role_of(outcome.group, outcome.request)
        data = sign_record(self._keyring, RecordKind.OUTCOME, place, outcome, role, self._site)
        with suppress(ObjectExistsError):
            create_object(self._control, key, data)


def _role_of(group: GroupName, name: str) -> KeyRole:
    """Whose work it is: by the action in a request's name, or as in `sanitize-1-7`, what arrived without a request."""
    parsed = layout.parse_request_key(layout.request_key(group, name))
    if parsed:
        return authority.ROLE_OF[FUNCTION_OF[parsed.action]]
    function = name.partition("-")[0]
    if function not in tuple(Function):
        raise FormatError(f"{name[:80]!r} is neither a request's name nor that of a function's work on a snapshot")
    return authority.ROLE_OF[Function(function)]
