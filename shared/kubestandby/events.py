"""Facts that come as events: that an object was created (the functions' own), that something was deployed.

Decoded by `adapters.event_wire`.
"""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a deployment is of, by every name that whoever tells of it gives. A stranger's words: for comparing only."""

    repositories: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDeployment:
    """The platform tells of a deployment, or of an image that was uploaded.

    Attributes:
        sender: the kind of webhook that stands for it in the configuration: `oci-devops`, `ocir`.
        event_id: the same when the event comes again.
    """

    sender: str
    deployed: Deployed
    event_id: str
