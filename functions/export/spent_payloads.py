"""Manifests that requests to import brought along, and that nobody needs any more: they hold Secrets as written."""

from contextlib import suppress
from datetime import datetime, timedelta

from kubestandby import layout
from kubestandby.errors import SnapshotError
from kubestandby.groups import ProtectionGroup
from kubestandby.import_payload import payload_names, uploaded_at
from kubestandby.layout import Action
from kubestandby.ports import ObjectStore
from kubestandby.request_log import RequestLog

from .pushing import action_of

KEPT_AT_LEAST = timedelta(hours=1)
"""The request is written right after the upload, by somebody whose clock may be wrong."""


def delete_spent_payloads(group: ProtectionGroup, control: ObjectStore, requests: RequestLog, now: datetime) -> None:
    """Deletes every payload that no request waits for: whoever uploaded it should have, and did not come to it.

    Raises:
        StoreError: the control bucket cannot be used.
    """
    old = [name for name in payload_names(control, group.name) if now - uploaded_at(name) >= KEPT_AT_LEAST]
    needed = _needed(group, requests) if old else set()
    for name in old:
        if name not in needed:
            control.delete(layout.import_key(group.name, name))


def _needed(group: ProtectionGroup, requests: RequestLog) -> set[str]:
    """Payloads of the requests that have no outcome yet."""
    needed: set[str] = set()
    for name in requests.pending(group.name):
        if action_of(name) is Action.IMPORT:
            with suppress(SnapshotError):
                order = requests.read(group.name, name).order
                needed |= {order.payload} if order else set()
    return needed
