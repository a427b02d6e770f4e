"""The facts that the functions tell each other: one, that an object was created. Decoded by `adapters.event_wire`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCreated:
    """An object came into being in a bucket. A hint: it may come twice, late, out of order or never.

    Attributes:
        bucket: URL of the bucket as in the configuration: `file:///var/lib/east/data`, `oci://namespace/bucket`.
        key: the object's key in the bucket.
        event_id: for the log.
    """

    bucket: str
    key: str
    event_id: str
