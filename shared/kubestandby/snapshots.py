"""What a snapshot is: its identity, its index, its entries. Data only; `codec` gives it bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from kubestandby.errors import FormatError
from kubestandby.resources import GVK, Manifest, ObjectRef

FORMAT_VERSION = 1
MOST_LIKELY_SECRETS = 500
"""After so many, whoever reads the list knows enough."""

GroupName = NewType("GroupName", str)
"""Name of a protection group: the unit that fails over."""

SiteName = NewType("SiteName", str)
"""Name of one site: a cluster, a data bucket, a control bucket."""


class Stage(StrEnum):
    """How far a snapshot has come."""

    RAW = "raw"
    SANITIZED = "sanitized"


@dataclass(frozen=True, slots=True, order=True)
class SnapshotId:
    """Epoch (number of the role change) and generation (number of the snapshot within it), both from 1 on."""

    epoch: int
    generation: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.generation}"

    @classmethod
    def parse(cls, text: str) -> "SnapshotId":
        """Reads `EPOCH-GENERATION`.

        Raises:
            FormatError: the text has another form.
        """
        epoch, dash, generation = text.partition("-")
        numbers = (epoch, generation)
        if not dash or not all(n.isascii() and n.isdigit() and len(n) <= 12 and n[0] != "0" for n in numbers):
            raise FormatError(f"{text[:40]!r} is not a snapshot's number: give EPOCH-GENERATION, such as 1-7")
        return cls(int(epoch), int(generation))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One object in the archive. `size` is in bytes, `sha256` is in hex, both of the member as stored."""

    ref: ObjectRef
    path: str
    sha256: str
    size: int
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSummary:
    """One resource type as the export saw it. `incomplete` is empty, or says why not all of it could be read.

    `namespaced` is None in snapshots that were made before it was written down.
    """

    gvk: GVK
    plural: str
    count: int
    resource_version: str = ""
    incomplete: str = ""
    namespaced: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUse:
    """One image reference and the objects (as text) whose pods run it."""

    reference: str
    used_by: tuple[str, ...]


TRANSFORM_RULE = "transform:"
"""What the name of a transform of the group's configuration begins with among the names of rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many objects a named rule left out or changed."""

    rule: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformedObject:
    """One object (as text, named as on its source) and its fields (JSON pointers) that a transform changed.

    `left_out`: it is not in the snapshot, and no fields are told.
    """

    object: str
    fields: tuple[str, ...] = ()
    left_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformUse:
    """What one transform of the group's configuration did."""

    transform: str
    objects: tuple[TransformedObject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelySecret:
    """A field of an object (as text, named as on its source) that likely holds a secret, in clear; never its value."""

    object: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.object} {self.field} ({self.reason})"

    @property
    def place(self) -> str:
        """Object and field, as the configuration allows it."""
        return f"{self.object} {self.field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """How what is secret in a snapshot is sealed.

    Attributes:
        cipher: of the sealed values: "aes-256-gcm".
        wrap: how the data key is wrapped: "age".
        key: the wrapped data key.
        canary: a known value, sealed like the others: proves that a key opens this snapshot, also where it holds no
            Secret.
        recipients: names of those it is sealed for.
    """

    cipher: str
    wrap: str
    key: bytes
    canary: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotIndex:
    """The signed statement of what a snapshot holds; writing it is the commit.

    Attributes:
        source_cluster: UID of the primary's kube-system namespace; "" where an import could not ask for it.
        previous: SHA-256 (hex) of the envelope bytes of the snapshot before (`previous_id`), "" for the first.
        source_sha256: of a sanitized snapshot, SHA-256 (hex) of the envelope bytes of the raw one that it is made from.
        fresh_until: after this moment a newer snapshot, or a heartbeat, should have been seen.
        failures: API groups and types that could not be read, `group[/plural]: reason`; empty = complete.
        namespaces: in dependency order.
        entries: sorted by path.
        content_sha256: digest over the entries alone: over every byte that is stored.
        state_sha256: digest over the desired state alone, without what moves by itself (measurements in a status, times
            in managedFields): an export that finds it unchanged makes no new generation.
        dropped: what the export left out, by rule. `rules`: what sanitize changed, by rule; a transform of the group's
            configuration is the rule `transform:NAME`, and a place that it declares `transform:NAME PLACE`; they are
            there even if they found nothing to do.
        config_sha256: digest of the part of the group's configuration by which the snapshot is sanitized ("" where
            there is none): with another one, the same state is another snapshot.
        transforms: what became of each object by the transforms, in the order of the configuration.
        renamed_namespaces: names of namespaces on the source to their names here, those that are the same left out; one
            to one.
        imported_from: names of the files that an import was made of; empty for an export.
        likely_secrets: fields that likely hold a secret in clear, no more than `MOST_LIKELY_SECRETS`.
    """

    group: GroupName
    id: SnapshotId
    stage: Stage
    source_cluster: str
    source_site: SiteName
    server_version: str
    tool_version: str
    taken_at: datetime
    fresh_until: datetime
    previous: str
    namespaces: tuple[str, ...]
    types: tuple[TypeSummary, ...]
    failures: tuple[str, ...]
    entries: tuple[ManifestEntry, ...]
    content_sha256: str
    archive_sha256: str
    archive_size: int
    images: tuple[ImageUse, ...]
    dropped: tuple[RuleCount, ...] = ()
    rules: tuple[RuleCount, ...] = ()
    state_sha256: str = ""
    config_sha256: str = ""
    transforms: tuple[TransformUse, ...] = ()
    renamed_namespaces: Mapping[str, str] = field(default_factory=dict)
    imported_from: tuple[str, ...] = ()
    likely_secrets: tuple[LikelySecret, ...] = ()
    previous_id: SnapshotId | None = None
    source_sha256: str = ""
    sealing: Sealing | None = None
    format_version: int = FORMAT_VERSION

    @property
    def complete(self) -> bool:
        """Whether every API group and type could be read."""
        return not self.failures

    @property
    def idle_transforms(self) -> tuple[str, ...]:
        """Transforms of the group's configuration that changed nothing, and declared places that no object has."""
        idle = (count.rule for count in self.rules if count.rule.startswith(TRANSFORM_RULE) and not count.count)
        return tuple(rule.removeprefix(TRANSFORM_RULE) for rule in idle)

    def source_of(self, ref: ObjectRef) -> ObjectRef:
        """The object of this snapshot as it is named on its source."""
        old_names = {new: old for old, new in self.renamed_namespaces.items()}
        return replace(ref, namespace=old_names.get(ref.namespace, ref.namespace))

    def fresh_until_after(self, proven_at: datetime) -> datetime:
        """The deadline for the next sign of life, once the state was last proven to be this one at `proven_at`."""
        return self.fresh_until + max(proven_at - self.taken_at, timedelta())


@dataclass(frozen=True, slots=True)
class SnapshotObject:
    """A manifest taken out of an archive that was verified, with the entry that vouches for it."""

    entry: ManifestEntry
    manifest: Manifest
