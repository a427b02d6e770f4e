"""What a group owns on a standby cluster, and how far it has come there: one ConfigMap in the cluster itself.

Ownership is written here and not in labels, which anybody who may edit an object could claim. The inventory is
written before the objects are, so that a restore that dies leaves nothing behind that nobody knows of.
"""

import base64
import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubestandby.codec import canonical_json
from kubestandby.errors import ClusterError, FormatError
from kubestandby.groups import OWN_NAMESPACE, inventory_name
from kubestandby.ports import Cluster
from kubestandby.resources import GVK, Manifest, ResourceType
from kubestandby.snapshots import GroupName, SnapshotId

from .live_state import NAMESPACES
from .plans import Identity, Uids
from .references import child

MAX_BYTES = 1_000_000
"""Of the encoded inventory: a ConfigMap holds 1 MiB (core/v1 ConfigMap, `data` and `binaryData` together)."""

_MAX_DECODED_BYTES = 256 << 20
CONFIG_MAPS = ResourceType(GVK("", "v1", "ConfigMap"), "configmaps", namespaced=True)
_LABEL = ("app.kubernetes.io/managed-by", "kubestandby")
_LABEL_SELECTOR = "=".join(_LABEL)
_KEY = "inventory.json.gz"
_FORMAT = 1
_GZIP = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What is known of a group on this cluster.

    Attributes:
        snapshot: restored last, or being restored; None before the first.
        highest: the newest that ever was: the high-water mark against replays of old ones.
        mode: of the last restore.
        owned: objects that came from the group's snapshots.
        unmarked: of them, UIDs of those on which we own no field: only this tells that they are ours.
        pending_restarts: workloads that a restore was to restart and may not have come to.
    """

    snapshot: SnapshotId | None = None
    highest: SnapshotId | None = None
    mode: str = ""
    owned: frozenset[Identity] = frozenset()
    unmarked: Uids = field(default_factory=dict)
    pending_restarts: frozenset[Identity] = frozenset()


class InventoryLedger:
    """Reads and writes the inventory of one group."""

    def __init__(self, cluster: Cluster, group: GroupName) -> None:
        self._cluster = cluster
        self._group = group
        self._stored: Inventory | None = None

    @property
    def name(self) -> str:
        """Of the ConfigMap."""
        return inventory_name(self._group)

    def read(self) -> Inventory:
        """The inventory; an empty one where the group was never restored here.

        Raises:
            FormatError: somebody changed the ConfigMap.
            ClusterError: it cannot be read.
        """
        found = self._cluster.get(CONFIG_MAPS, OWN_NAMESPACE, self.name)
        self._stored = Inventory() if found is None else _decode(found)
        return self._stored

    def owned_by_others(self) -> frozenset[Identity]:
        """What the inventories of the other groups on this cluster hold.

        Raises:
            FormatError: somebody changed one of them.
            ClusterError: they cannot be read.
        """
        pages = self._cluster.pages(CONFIG_MAPS, namespace=OWN_NAMESPACE, label_selector=_LABEL_SELECTOR)
        others = (item for page in pages for item in page.items if item["metadata"]["name"] != self.name)
        return frozenset().union(*(_decode(item).owned for item in others if child(item, "binaryData", _KEY)))

    def write(self, inventory: Inventory) -> None:
        """Stores the inventory where it differs from the stored one; makes the namespace where it is missing.

        Raises:
            ClusterError: it cannot be written, or is too large for a ConfigMap.
        """
        if inventory == self._stored:
            return
        manifest = self._manifest(inventory)
        try:
            self._cluster.apply(CONFIG_MAPS, manifest)
        except ClusterError as error:
            if error.status != 404:
                raise
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OWN_NAMESPACE}}
            self._cluster.apply(NAMESPACES, namespace)
            self._cluster.apply(CONFIG_MAPS, manifest)
        self._stored = inventory

    def _manifest(self, inventory: Inventory) -> Manifest:
        packed = base64.b64encode(gzip.compress(canonical_json(_to_json(inventory)), mtime=0)).decode()
        if len(packed) > MAX_BYTES:
            raise ClusterError(
                f"the inventory of group {self._group} is too large for a ConfigMap ({len(packed)} bytes for "
                f"{len(inventory.owned)} objects, at most {MAX_BYTES}); split the group by namespaces",
                reason="TooLarge",
            )
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.name,
                "namespace": OWN_NAMESPACE,
                "labels": dict([_LABEL]),
            },
            "data": {"group": str(self._group), "snapshot": str(inventory.snapshot or ""), "mode": inventory.mode},
            "binaryData": {_KEY: packed},
        }


def _decode(config_map: Manifest) -> Inventory:
    try:
        return _from_json(json.loads(_unpack(child(config_map, "binaryData", _KEY) or "")))
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error, FormatError) as error:
        raise FormatError(
            f"ConfigMap {OWN_NAMESPACE}/{config_map['metadata']['name']} is not an inventory of ours any more; "
            "delete it, and the next restore starts a new one"
        ) from error


def _unpack(packed: str) -> bytes:
    """Decodes and decompresses, up to a bound: whoever may edit the ConfigMap could have put a bomb there."""
    unpacker = zlib.decompressobj(wbits=_GZIP)
    data = unpacker.decompress(base64.b64decode(packed, validate=True), _MAX_DECODED_BYTES)
    if not unpacker.eof:
        raise ValueError("cut short, or longer than any inventory")
    return data


def _to_json(inventory: Inventory) -> Mapping[str, Any]:
    return {
        "format": _FORMAT,
        "snapshot": _snapshot_text(inventory.snapshot),
        "highest": _snapshot_text(inventory.highest),
        "mode": inventory.mode,
        "owned": _fold(inventory.owned),
        "unmarked": [[*identity, uid] for identity, uid in sorted(inventory.unmarked.items())],
        "pendingRestarts": _fold(inventory.pending_restarts),
    }


def _from_json(value: Mapping[str, Any]) -> Inventory:
    if value["format"] != _FORMAT:
        raise FormatError("unknown format")
    return Inventory(
        snapshot=SnapshotId.parse(value["snapshot"]) if value["snapshot"] else None,
        highest=SnapshotId.parse(value["highest"]) if value["highest"] else None,
        mode=str(value["mode"]),
        owned=_unfold(value["owned"]),
        unmarked={(group, kind, space, name): uid for group, kind, space, name, uid in value.get("unmarked", ())},
        pending_restarts=_unfold(value["pendingRestarts"]),
    )


def _snapshot_text(snapshot: SnapshotId | None) -> str:
    return str(snapshot) if snapshot else ""


def _fold(identities: Iterable[Identity]) -> Mapping[str, Mapping[str, list[str]]]:
    """By kind and namespace: `{"Deployment.apps": {"shop": ["db", "web"]}}`."""
    folded: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for group, kind, namespace, name in sorted(identities):
        folded[f"{kind}.{group}"][namespace].append(name)
    return folded


def _unfold(folded: Mapping[str, Mapping[str, list[str]]]) -> frozenset[Identity]:
    return frozenset(
        (group, kind, namespace, name)
        for (kind, _, group), inner in ((key.partition("."), inner) for key, inner in folded.items())
        for namespace, names in inner.items()
        for name in names
    )
