"""The event service of one machine: an object created in a bucket becomes a CloudEvent to the function concerned."""

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from kubestandby.adapters.event_wire import encode
from kubestandby.adapters.file_store import FileStore
from kubestandby.adapters.stores import open_store
from kubestandby.events import ObjectCreated
from kubestandby.layout import FUNCTION_OF, Function, parse_index_key, parse_request_key
from kubestandby.runtime.bucket_poll import BucketPoll, scan
from kubestandby.runtime.deliveries import Call
from kubestandby.snapshots import Stage

if TYPE_CHECKING:
    from kubestandby.runtime.bucket_watch import BucketWatch

_PREFIXES = ("requests/", f"{Stage.RAW}/", f"{Stage.SANITIZED}/")
_FUNCTION_OF_STAGE = {Stage.RAW: Function.SANITIZE, Stage.SANITIZED: Function.RESTORE}


class Relay:
    """Sends one event per object created while it runs. What was there before is the tick's business."""

    def __init__(self, urls: Iterable[str], submit: Callable[[Call], object], *, watches: bool = True) -> None:
        """`watches`: whether it looks by itself once it is started; without, whoever has it calls `look`."""
        self._submit = submit
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._sending = False
        self._stores = [open_store(url) for url in urls]
        self._watchers = list(self._made_watchers()) if watches else []

    def start(self) -> None:
        """Starts relaying; returns when every object created from now on will be noticed."""
        self.look()
        self._sending = True
        for watcher in self._watchers:
            watcher.start()
        self.look()

    def stop(self) -> None:
        """Stops relaying."""
        for watcher in reversed(self._watchers):
            watcher.stop()

    def look(self) -> None:
        """Looks through the buckets for what no notification has told of."""
        scan(self._stores, _PREFIXES, self._on_object)

    def _made_watchers(self) -> "Iterator[BucketWatch | BucketPoll]":
        # Late: where a relay runs by itself there are no folders to watch, and nothing that watches them.
        from kubestandby.runtime.bucket_watch import BucketWatch

        yield BucketWatch([store for store in self._stores if isinstance(store, FileStore)], self._on_object)
        others = [store for store in self._stores if not isinstance(store, FileStore)]
        yield BucketPoll(others, _PREFIXES, self._on_object)

    def _on_object(self, bucket: str, key: str) -> None:
        function = function_for(key)
        if function is None:
            return
        with self._lock:
            if (bucket, key) in self._known:
                return
            self._known.add((bucket, key))
        if self._sending:
            self._submit(event_call(function, bucket, key))


def function_for(key: str) -> Function | None:
    """The function that an object of this key concerns, None for no one."""
    request = parse_request_key(key)
    if request:
        return FUNCTION_OF[request.action]
    index = parse_index_key(key)
    return _FUNCTION_OF_STAGE[index.stage] if index else None


def event_call(function: Function, bucket: str, key: str) -> Call:
    """The call that delivers the event of an object."""
    event = ObjectCreated(bucket=bucket, key=key, event_id=secrets.token_hex(8))
    headers, body = encode(event)
    return Call(function, f"{bucket}/{key}", headers, body)
