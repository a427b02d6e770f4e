"""What a group changes in its manifests on their way to the other site, as typed data. The sanitize function does it.

Reading it from YAML is `adapters.transform_file`'s job. A map has two directions: towards the group's standby site as
it is written, on the way back reversed, so that a failback finds what it left. Whatever has one direction only names
the sites for which it is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from kubestandby import codec
from kubestandby.image_reference import ImagePlace
from kubestandby.snapshots import SiteName

EVERY = "*"
"""In the path of a field: each element of a list, or each value of a mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which objects. A list names alternatives; every list that is there must hold; none at all selects everything.

    Attributes:
        groups: API groups, "" for the core group.
        names: globs, as `namespaces` are.
        labels: all of them must be on the object.
    """

    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPath:
    """A field of a kind that only its author knows to hold what a transform changes; `path` may hold `EVERY`."""

    group: str
    kind: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule:
    """Images of one place are in another one at the other site."""

    source: ImagePlace
    target: ImagePlace


class Unmatched(StrEnum):
    """What becomes of an image that no rule matches."""

    KEEP = "keep"
    REFUSE = "refuse"
    """The snapshot is not sanitized: every image must be at hand on the standby."""


class VolumePolicy(StrEnum):
    """Where a claim gets its volume on the other site."""

    PROVISION = "provision"
    """From its storage class; a volume that somebody set up by hand crosses as it is."""
    BIND = "bind"
    """The volume crosses with the claim, by name: the storage layer replicates what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """`sites`: for snapshots that go to these; empty is both, and a map is then reversed on the way back."""

    name: str
    sites: tuple[SiteName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTransform(_Common):
    """Moves image references; the first rule that matches decides.

    Attributes:
        is_way_back: images come home to Docker Hub under the short names that nearly everybody writes: `nginx:1.27`.
    """

    rules: tuple[ImageRule, ...]
    fields: tuple[FieldPath, ...] = ()
    unmatched: Unmatched = Unmatched.KEEP
    is_way_back: bool = False

    def reversed(self) -> Self:
        """The way back; no target must lie within another."""
        rules = tuple(ImageRule(source=rule.target, target=rule.source) for rule in self.rules)
        return replace(self, rules=rules, is_way_back=not self.is_way_back)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Renaming(_Common):
    """Gives other names: `names` from old to new."""

    names: Mapping[str, str]
    fields: tuple[FieldPath, ...] = ()

    def reversed(self) -> Self:
        """The way back; the names must be one to one."""
        return replace(self, names={new: old for old, new in self.names.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageClassTransform(_Renaming):
    """Names of storage classes, wherever one is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressClassTransform(_Renaming):
    """Names of ingress classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceTransform(_Renaming):
    """Names of namespaces, with every reference to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEdit:
    """What becomes of labels or of annotations. `replace` sets those that are there already."""

    set: Mapping[str, str] = field(default_factory=dict)
    replace: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkTransform(_Common):
    """Labels and annotations of an object itself (`metadata`)."""

    select: Selector
    labels: MarkEdit = field(default_factory=MarkEdit)
    annotations: MarkEdit = field(default_factory=MarkEdit)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOperation:
    """One operation of a JSON patch (RFC 6902, section 4); `source` is its `from`. Both are JSON pointers, split."""

    op: str
    path: tuple[str, ...]
    source: tuple[str, ...] = ()
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchTransform(_Common):
    """A JSON patch (RFC 6902)."""

    select: Selector
    operations: tuple[PatchOperation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTransform(_Common):
    """A JSON merge patch (RFC 7386)."""

    select: Selector
    merge: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTransform(_Common):
    """Objects that the other site does not get."""

    select: Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTransform(_Common):
    """Where the selected claims get their volumes. `storage_classes` narrows the selection; empty takes every class."""

    select: Selector
    policy: VolumePolicy
    storage_classes: tuple[str, ...] = ()


TwoWay = ImageTransform | StorageClassTransform | IngressClassTransform | NamespaceTransform
Transform = TwoWay | MarkTransform | PatchTransform | MergeTransform | DropTransform | ClaimTransform


def towards(transforms: Sequence[Transform], site: SiteName, standby: SiteName) -> tuple[Transform, ...]:
    """What is done, in this order, to a snapshot that goes to `site`; `standby` is the configuration's standby site."""
    return tuple(_directed(item, site, standby) for item in transforms if not item.sites or site in item.sites)


def digest(transforms: Sequence[Transform]) -> str:
    """SHA-256 (hex) over all that the transforms say; "" for none."""
    return codec.sha256_hex(codec.encode([[type(item).__name__, item] for item in transforms])) if transforms else ""


def namespace_names(transforms: Sequence[Transform]) -> Mapping[str, str]:
    """How namespaces are renamed: old names to new ones."""
    return {old: new for item in transforms if isinstance(item, NamespaceTransform) for old, new in item.names.items()}


def _directed(transform: Transform, site: SiteName, standby: SiteName) -> Transform:
    is_back = site != standby and not transform.sites
    return transform.reversed() if is_back and isinstance(transform, TwoWay) else transform
