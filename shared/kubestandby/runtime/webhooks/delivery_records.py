"""Deliveries that were taken, in the control bucket of the site that was asked: none is taken twice.

Records are kept in periods of a week and looked up in this one and the last, so that old ones can go without being
read.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kubestandby import codec, layout
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError, ObjectMissingError
from kubestandby.ports import Clock, ObjectStore
from kubestandby.snapshots import GroupName

_PERIOD = timedelta(days=7)
_MAX_BYTES = 16 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A delivery asked for this request. Holds nothing of the delivery."""

    webhook: str
    request: str
    taken_at: datetime


class DeliveryRecords:
    """The records of one site. Holds no state: every answer is read from the bucket."""

    def __init__(self, control: ObjectStore, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def find(self, group: GroupName, webhook: str, delivery: str) -> DeliveryRecord | None:
        """The record of the delivery of this id, None where it was not taken in the last week at least.

        Raises:
            StoreError: the bucket cannot be read.
        """
        for period in self._periods():
            key = layout.delivery_key(group, period, _digest(webhook, delivery))
            try:
                return codec.decode(self._control.get(key, max_bytes=_MAX_BYTES), DeliveryRecord, f"record {key}")
            except (ObjectMissingError, FormatError):
                # A damaged record cannot name its request; that the delivery is taken again does no harm.
                continue
        return None

    def add(self, group: GroupName, webhook: str, delivery: str, request: str) -> None:
        """Writes down that the delivery asked for this request; where it is written down, that stays.

        Raises:
            StoreError: it could not be written.
        """
        record = DeliveryRecord(webhook=webhook, request=request, taken_at=self._clock.now())
        key = layout.delivery_key(group, self._periods()[0], _digest(webhook, delivery))
        try:
            create_object(self._control, key, codec.encode(record))
        except ObjectExistsError:
            return

    def drop_old(self, group: GroupName) -> int:
        """Deletes the records that are not looked up any more; returns how many.

        Raises:
            StoreError: the bucket cannot be listed or changed.
        """
        prefix, oldest = layout.delivery_prefix(group), self._periods()[-1]
        old = [key for key in self._control.list(prefix) if key.removeprefix(prefix).partition("/")[0] < oldest]
        for key in old:
            self._control.delete(key)
        return len(old)

    def _periods(self) -> tuple[str, str]:
        """Names of this period and the last: their first days."""
        now = self._clock.now().timestamp()
        begin = datetime.fromtimestamp(now // _PERIOD.total_seconds() * _PERIOD.total_seconds(), UTC)
        return begin.strftime("%Y%m%d"), (begin - _PERIOD).strftime("%Y%m%d")


def _digest(webhook: str, delivery: str) -> str:
    """Whatever an id holds, the key is safe and its length known."""
    return hashlib.sha256(f"{webhook}\0{delivery}".encode()).hexdigest()
