"""Where the built-in kinds keep their PodSpec (API reference: PodTemplateSpec)."""

from collections.abc import Mapping

from kubestandby.resources import GVK, Manifest

from .fields import Path
from .rules_workloads import POD_TEMPLATES

_POD_SPECS: Mapping[tuple[str, str], Path] = {
    ("", "Pod"): ("spec",),
    **{kind: (*path, "spec") for kind, path in POD_TEMPLATES.items()},
}


def in_pod_spec(manifest: Manifest, *paths: Path) -> list[Path]:
    """These paths within a PodSpec, from the manifest's root; none where the kind has no PodSpec."""
    base = _POD_SPECS.get(GVK.of(manifest).group_kind)
    return [(*base, *path) for path in paths] if base else []
