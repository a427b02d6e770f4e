"""Notices new objects in buckets that tell nobody of them (S3 without notifications), by listing them again and again.

Keys are created once and never changed, so what a list holds and the one before did not is new.
"""

import logging
import threading
from collections.abc import Callable, Iterable

from kubestandby.errors import StoreError
from kubestandby.ports import ObjectStore

_LOG = logging.getLogger(__name__)
POLL_SECONDS = 2.0

Found = Callable[[str, str], None]
"""Called with bucket URL and key, perhaps more than once for an object."""


def scan(stores: Iterable[ObjectStore], prefixes: Iterable[str], found: Found) -> None:
    """Tells of every object under these prefixes in all buckets that can be read."""
    wanted = tuple(prefixes)
    for store in stores:
        for prefix in wanted:
            try:
                keys = store.list(prefix)
            except StoreError as error:
                _LOG.warning("bucket_unreadable", extra={"bucket": store.url, "reason": str(error)})
                break
            for key in keys:
                found(store.url, key)


class BucketPoll:
    """Lists buckets every so many seconds until it is stopped."""

    def __init__(
        self, stores: Iterable[ObjectStore], prefixes: Iterable[str], found: Found, seconds: float = POLL_SECONDS
    ) -> None:
        self._stores = tuple(stores)
        self._prefixes = tuple(prefixes)
        self._found = found
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bucket-poll", daemon=True)

    def start(self) -> None:
        """Starts polling; needs no thread where there is nothing to poll."""
        if self._stores:
            self._thread.start()

    def stop(self) -> None:
        """Stops polling."""
        self._stop.set()
        if self._stores:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            scan(self._stores, self._prefixes, self._found)
