"""One bucket and how it is asked."""

from dataclasses import dataclass
from typing import Any

from kubestandby.adapters.oci.calling import Caller
from kubestandby.adapters.oci.endpoints import Service, client
from kubestandby.adapters.store_urls import OciBucket, check_key


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is, and who asks."""

    at: OciBucket
    caller: Caller

    def call(self, operation: str, *arguments: Any, **options: Any) -> Any:
        """Calls an operation of the service on this bucket.

        An argument that can be called is made anew for every attempt: a body is read as often as it is sent.

        Raises:
            Refused: it is not done, or not known to be.
            ConfigError: this process cannot prove who it is.
        """
        ask = getattr(client(Service.OBJECT_STORAGE, self.at.region), operation)

        def attempt() -> Any:
            made = [one() if callable(one) else one for one in arguments]
            return ask(self.at.namespace, self.at.bucket, *made, **options)

        return self.caller.call(attempt)

    def name(self, key: str) -> str:
        """The object's name in the bucket.

        Raises:
            StoreError: it is no key.
        """
        check_key(key)
        return self.at.prefix + key
