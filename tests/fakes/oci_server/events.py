"""OCI Events: what happens to objects is told in the service's own form, at least once, in no order.

The form is that of a real event (facts: `cloudEventsVersion` 0.1, `data.resourceName`, `data.additionalDetails`).
"""

from __future__ import annotations

import fnmatch
import json
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.fakes.oci_server.object_storage import Bucket, StoredObject

Deliver = Callable[[bytes], bool]
"""Takes an event; False or an exception where it is to come again."""

_COMPARTMENT = "ocid1.compartment.oc1..aaaatest"


@dataclass(frozen=True)
class Rule:
    """An Events rule with its action: events of objects in this bucket, by their names (`*` for anything)."""

    bucket: str
    names: str
    deliver: Deliver
    kind: str = "create"


class Events:
    """Delivers in a thread of its own, once there are rules.

    Every event comes `copies` times, shuffled among those that are waiting; one that is not taken comes again, at most
    `attempts` times.
    """

    def __init__(self, *, copies: int = 1, shuffle: random.Random | None = None, attempts: int = 10) -> None:
        self.copies = copies
        self.shuffle = shuffle
        self.attempts = attempts
        self.told: list[dict[str, Any]] = []
        """Every event there was, once."""
        self._rules: list[Rule] = []
        self._waiting: list[tuple[Rule, bytes, int]] = []
        self._changed = threading.Condition()
        self._busy = False
        self._ended = False
        self._thread: threading.Thread | None = None

    def add_rule(self, rule: Rule) -> None:
        with self._changed:
            self._rules.append(rule)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="oci-events", daemon=True)
                self._thread.start()

    def tell(self, kind: str, bucket: Bucket, name: str, stored: StoredObject) -> None:
        event = event_of(kind, bucket, name, stored)
        body = json.dumps(event).encode()
        with self._changed:
            self.told.append(event)
            for rule in self._rules:
                if rule.bucket == bucket.name and rule.kind == kind and fnmatch.fnmatchcase(name, rule.names):
                    self._waiting += [(rule, body, 1)] * self.copies
            self._changed.notify_all()

    def wait_until_delivered(self, seconds: float = 60.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(10)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if self._ended:
                    return
                which = self.shuffle.randrange(len(self._waiting)) if self.shuffle else 0
                rule, body, attempt = self._waiting.pop(which)
                self._busy = True
            taken = _taken(rule, body)
            with self._changed:
                self._busy = False
                if not taken and attempt < self.attempts:
                    self._waiting.append((rule, body, attempt + 1))
                self._changed.notify_all()


def _taken(rule: Rule, body: bytes) -> bool:
    try:
        return bool(rule.deliver(body))
    except Exception:  # noqa: BLE001 - whatever it is, the event comes again
        return False


def event_of(kind: str, bucket: Bucket, name: str, stored: StoredObject) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "eventType": f"com.oraclecloud.objectstorage.{kind}object",
        "cloudEventsVersion": "0.1",
        "eventTypeVersion": "2.0",
        "source": "ObjectStorage",
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
        "contentType": "application/json",
        "data": {
            "compartmentId": _COMPARTMENT,
            "compartmentName": "test",
            "resourceName": name,
            "resourceId": f"/n/{bucket.namespace}/b/{bucket.name}/o/{name}",
            "availabilityDomain": "AD-1",
            "additionalDetails": {
                "bucketName": bucket.name,
                "archivalState": "Available",
                "namespace": bucket.namespace,
                "bucketId": f"ocid1.bucket.oc1.{bucket.region}.aaaatest",
                "eTag": stored.etag,
            },
        },
        "eventID": str(uuid.uuid4()),
        "extensions": {"compartmentId": _COMPARTMENT},
    }
