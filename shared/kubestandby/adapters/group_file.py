"""Protection groups from their YAML file: read, checked against the published JSON Schema, cross-checked, typed.

Every error is one sentence: `FILE:LINE: spec.sites.east.data: <what is wrong>; <what to write>`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from kubestandby.adapters import group_faults
from kubestandby.adapters.group_places import absolute_path
from kubestandby.adapters.group_sites import sites_of
from kubestandby.adapters.group_webhooks import webhooks_of
from kubestandby.adapters.marked_yaml import MarkedDocument, read_documents, shown
from kubestandby.adapters.schedules import check_schedule
from kubestandby.adapters.transform_file import may_hold_lines, transforms_of
from kubestandby.errors import ConfigError
from kubestandby.groups import (
    DEFAULT_EXCLUDED_NAMESPACES,
    NO_KINDS,
    ConflictPolicy,
    IncludedObject,
    Kinds,
    LikelySecrets,
    ProtectionGroup,
    RestartPolicy,
    RestoreMode,
    RestoreSettings,
    RightsSettings,
    ScanSettings,
)
from kubestandby.resources import BUILT_IN_GROUPS
from kubestandby.snapshots import GroupName, SiteName

CONFIG_VARIABLE = "KUBESTANDBY_CONFIG"
MAX_BYTES = 1 << 20
NEVER_RECREATED = frozenset({"CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"})
"""What goes with them cannot be made anew: data, or all that is in them."""
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def config_path(given: str | os.PathLike[str] | None = None) -> Path:
    """The configuration file: the given one, else that of the environment variable `KUBESTANDBY_CONFIG`.

    Raises:
        ConfigError: neither is there.
    """
    path = str(given) if given else os.environ.get(CONFIG_VARIABLE, "")
    if not path:
        raise ConfigError(f"no configuration: give --config FILE or set {CONFIG_VARIABLE}")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"configuration {path}: there is no such home; give an absolute path with --config"
        ) from error


def load_groups(path: str | os.PathLike[str]) -> tuple[ProtectionGroup, ...]:
    """Reads all groups of a file, one per YAML document.

    Raises:
        ConfigError: the file cannot be read, or anything in it is wrong; names the file, the line and the field.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"configuration {file} cannot be read: {error.strerror}; give a readable file with --config"
        ) from error
    return read_groups(data, str(file), file.absolute().parent)


def read_groups(data: bytes, what: str, folder: Path) -> tuple[ProtectionGroup, ...]:
    """All groups of a configuration that `what` names; relative paths in it start at the folder.

    Raises:
        ConfigError: anything in it is wrong; names the line and the field.
    """
    groups: list[ProtectionGroup] = []
    for document in read_documents(_text(data, what), what, may_hold_lines):
        fault = _Fault(what, document)
        group = _group(document, folder, fault)
        if any(group.name == other.name for other in groups):
            fault(("metadata", "name"), f"{shown(group.name)} is the name of two groups; give each its own")
        groups.append(group)
    if not groups:
        raise ConfigError(f"{what}:1: there is no ProtectionGroup in it; write one, or give another file")
    return tuple(groups)


@cache
def group_schema() -> Mapping[str, Any]:
    """The published JSON Schema (draft 2020-12) of one group."""
    schema = json.loads(files("kubestandby").joinpath("protection-group.schema.json").read_bytes())
    return dict(schema)


class _Fault:
    """Raises the error of a field of this document."""

    def __init__(self, what: str, document: MarkedDocument) -> None:
        self._what = what
        self._document = document

    def __call__(self, path: tuple[str | int, ...], problem: str) -> NoReturn:
        line = self._document.line(path)
        raise ConfigError(f"{self._what}:{line}: {group_faults.field_name(path)}: {problem}")


def _text(data: bytes, what: str) -> str:
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{what}:1: larger than {MAX_BYTES >> 20} MiB; split it into several files")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{what}:{line}: not UTF-8 text; save the file as UTF-8") from error


def _group(document: MarkedDocument, folder: Path, fault: _Fault) -> ProtectionGroup:
    first = group_faults.first_fault(document, group_schema())
    if first:
        fault(*first)
    spec = document.value["spec"]
    _check_namespaces(spec, fault)
    _check_roles(spec, fault)
    _check_schedule(spec, fault)
    _check_recreate(spec, fault)
    _check_excluded_kinds(spec, fault)
    sites = sites_of(spec, folder, fault)
    return ProtectionGroup(
        name=GroupName(document.value["metadata"]["name"]),
        namespaces=tuple(spec.get("namespaces", ())),
        exclude_namespaces=_excluded(spec),
        schedule=spec.get("schedule", ""),
        sites=sites,
        primary=SiteName(spec["primary"]),
        standby=SiteName(spec["standby"]),
        restore=_restore(spec.get("restore", {})),
        include=tuple(IncludedObject(**item) for item in spec.get("include", ())),
        ignore_groups=tuple(spec.get("ignoreGroups", ())),
        fresh_seconds=_seconds(spec.get("freshness", "24h")),
        transforms=transforms_of(spec, fault),
        include_owned=_kinds(spec.get("includeOwned", [])),
        api_versions=tuple(spec.get("apiVersions", ())),
        exclude_kinds=_kinds(spec.get("excludeKinds", [])),
        rights=_rights(spec.get("rights", {})),
        scan=_scan(spec.get("scan", {})),
        webhooks=webhooks_of(spec, lambda path, where: absolute_path(path, folder, where, fault), fault),
    )


def _check_namespaces(spec: Mapping[str, Any], fault: _Fault) -> None:
    both = "namespaces" in spec and "excludeNamespaces" in spec
    if both:
        fault(("spec", "excludeNamespaces"), "given beside namespaces; keep one of the two")
    if "namespaces" not in spec and "excludeNamespaces" not in spec:
        fault(
            ("spec",),
            "namespaces is missing; list them in dependency order, or write excludeNamespaces: [...] for all others",
        )


def _check_roles(spec: Mapping[str, Any], fault: _Fault) -> None:
    sites = list(spec["sites"])
    for role in ("primary", "standby"):
        if spec[role] not in sites:
            fault(("spec", role), f"{shown(spec[role])} is not one of the sites; write {sites[0]} or {sites[1]}")
    if spec["primary"] == spec["standby"]:
        other = next(site for site in sites if site != spec["primary"])
        fault(("spec", "standby"), f"{shown(spec['standby'])} is the primary already; write {other}")


def _check_schedule(spec: Mapping[str, Any], fault: _Fault) -> None:
    try:
        check_schedule(spec.get("schedule", "* * * * *"))
    except ValueError as error:
        fault(("spec", "schedule"), f"{error}; write five cron fields, such as */15 * * * *")


def _check_recreate(spec: Mapping[str, Any], fault: _Fault) -> None:
    for number, kind in enumerate(spec.get("restore", {}).get("recreate", ())):
        name, _, api_group = kind.partition(".")
        if name in NEVER_RECREATED and api_group in BUILT_IN_GROUPS:
            fault(
                ("spec", "restore", "recreate", number),
                f"a {shown(kind)} is never deleted, data would go with it; leave it out",
            )


def _check_excluded_kinds(spec: Mapping[str, Any], fault: _Fault) -> None:
    for number, kind in enumerate(spec.get("excludeKinds", ())):
        if kind in ("Namespace", "Namespace."):
            fault(("spec", "excludeKinds", number), f"a {shown(kind)} is what a group is made of; leave it out")


def _excluded(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The system's namespaces, then those that the file names: a cluster's own are restored only where named."""
    return tuple(dict.fromkeys((*DEFAULT_EXCLUDED_NAMESPACES, *spec.get("excludeNamespaces", ()))))


def _restore(value: Mapping[str, Any]) -> RestoreSettings:
    return RestoreSettings(
        mode=RestoreMode(value.get("mode", RestoreMode.HOT)),
        restart=RestartPolicy(value.get("restart", RestartPolicy.CHANGED)),
        ready_timeout_seconds=_seconds(value.get("readyTimeout", "5m")),
        conflict=ConflictPolicy(value.get("conflict", ConflictPolicy.APPLY)),
        recreate=_kinds(value.get("recreate", [])),
        prune=value.get("prune", False),
    )


def _scan(value: Mapping[str, Any]) -> ScanSettings:
    usual = ScanSettings()
    return ScanSettings(
        likely_secrets=LikelySecrets(value.get("likelySecrets", usual.likely_secrets)),
        allow=tuple(value.get("allow", usual.allow)),
    )


def _rights(value: Mapping[str, Any]) -> RightsSettings:
    return RightsSettings(allow=_kinds(value.get("allow", [])), privileged_pods=value.get("privilegedPods", False))


def _kinds(value: bool | list[str]) -> Kinds:
    """`true` for all kinds, or a list of names."""
    if isinstance(value, bool):
        return Kinds(every=value)
    return Kinds(names=frozenset(value)) if value else NO_KINDS


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * _UNIT_SECONDS[duration[-1]]


def bucket_urls(groups: tuple[ProtectionGroup, ...]) -> Iterator[str]:
    """Every bucket of the groups, each once."""
    urls = (url for group in groups for site in group.sites for url in (site.data, site.control))
    yield from dict.fromkeys(urls)
