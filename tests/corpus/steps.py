"""Reads the corpus: steps in their order, each a few manifests and the verb by which somebody authors them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from tests.corpus import made
from tests.corpus.made import Manifest

HERE = Path(__file__).parent


class Verb(StrEnum):
    """How somebody authors objects; the last part of a file's name but for the suffix."""

    CREATED = "created"
    """`kubectl create`"""
    APPLIED = "applied"
    """`kubectl apply`, with the annotation last-applied-configuration"""
    SERVER_SIDE = "serverside"
    """`kubectl apply --server-side`"""
    REPLACED = "replaced"
    """`kubectl edit`: the live object is sent back with some fields changed"""
    PATCHED = "patched"
    """`kubectl patch`"""


@dataclass(frozen=True)
class Step:
    """Manifests that are authored together, in their order."""

    verb: Verb
    manifests: tuple[Manifest, ...]


def corpus() -> list[Step]:
    """What has to come back as it was."""
    written = [(path.name, _step(path)) for path in (HERE / "manifests").glob("*.yaml")]
    generated = [
        ("33-made", Step(Verb.CREATED, tuple(made.created()))),
        ("34-made", Step(Verb.SERVER_SIDE, tuple(made.served()))),
    ]
    return [step for _, step in sorted([*written, *generated], key=lambda named: named[0])]


def staying() -> list[Step]:
    """What must not cross, each for the reason in the file."""
    return [_step(path) for path in sorted((HERE / "stays").glob("*.yaml"))]


def beyond() -> list[Step]:
    """What lives in namespaces that only a group of "all but" covers."""
    return [_step(path) for path in sorted((HERE / "beyond").glob("*.yaml"))]


def _step(path: Path) -> Step:
    return Step(Verb(path.suffixes[-2].removeprefix(".")), tuple(_manifests(path)))


def _manifests(path: Path) -> Iterator[Manifest]:
    return (manifest for manifest in yaml.safe_load_all(path.read_text("utf-8")) if manifest)
