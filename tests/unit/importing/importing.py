"""Imports into two sites in memory, the way the command line does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kubestandby.import_payload import PayloadWriter
from kubestandby.layout import Action
from kubestandby.requests import ImportOrder, Outcome, Request
from kubestandby.snapshots import SnapshotIndex, Stage
from tests.fakes.keys import recipients
from tests.unit.runtime.world import SHOP, World, config_map, namespace

__all__ = ["SHOP", "ImportWorld", "config_map", "deployment", "namespace", "of_kind"]


def deployment(name: str, image: str = "shop/web:1", **spec: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "main", "image": image}], **spec}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return of_kind(
        "apps/v1", "Deployment", name, spec={"selector": {"matchLabels": {"app": name}}, "template": template}
    )


def of_kind(api_version: str, kind: str, name: str, within: str = "shop", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": within} if within else {}), **fields.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


class ImportWorld(World):
    """`World` with a way in for manifests."""

    def upload(self, manifests: Iterable[Mapping[str, Any]], **order: Any) -> ImportOrder:
        with PayloadWriter(SHOP, recipients(), self.clock) as writer:
            for number, manifest in enumerate(manifests, start=1):
                writer.add(f"shop.yaml:{number}", manifest)
            uploaded = writer.upload(self.control("east"))
        return replace(uploaded, **{"files": ("shop.yaml",), **order})

    def ask_import(self, *manifests: Mapping[str, Any], **order: Any) -> Request:
        return self.ask("east", Action.IMPORT, order=self.upload(manifests, **order))

    def import_(self, *manifests: Mapping[str, Any], **order: Any) -> Outcome:
        """Imports and sees all events through."""
        request = self.ask_import(*manifests, **order)
        self.settle()
        return self.outcome("east", request)

    def raw(self) -> SnapshotIndex:
        """The newest raw snapshot."""
        index = self.snapshots("east").newest(Stage.RAW, SHOP)
        assert index is not None
        return index

    def names(self) -> list[str]:
        """`Kind/name` of every object in the newest raw snapshot."""
        return sorted(f"{entry.ref.gvk.kind}/{entry.ref.name}" for entry in self.raw().entries)

    def left_out(self) -> dict[str, int]:
        return {count.rule: count.count for count in self.raw().dropped}
