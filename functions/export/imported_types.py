"""Which resource type an imported manifest is of, with or without a server to ask. Pure."""

from dataclasses import replace

from kubestandby.errors import ManifestError
from kubestandby.ports import Discovery
from kubestandby.resources import BUILT_IN_GROUPS, GVK, Manifest, ObjectRef, ResourceType

from .built_in_types import BUILT_IN_TYPES
from .references import CUSTOM_RESOURCE_DEFINITION


class ImportedTypes:
    """Finds types: those of Kubernetes, those that the import itself defines, those that the primary serves."""

    def __init__(self, discovery: Discovery | None) -> None:
        """`discovery` is None where the primary cannot be asked."""
        self._discovery = discovery
        self._defined: dict[tuple[str, str], ResourceType] = {}

    def learn(self, manifest: Manifest) -> None:
        """Takes in what a CustomResourceDefinition defines; of anything else nothing."""
        if GVK.of(manifest).group_kind == CUSTOM_RESOURCE_DEFINITION:
            spec = manifest["spec"]
            names = spec["names"]
            gvk = GVK(str(spec["group"]), "", str(names["kind"]))
            namespaced = spec.get("scope") == "Namespaced"
            self._defined[gvk.group_kind] = ResourceType(gvk, str(names["plural"]), namespaced=namespaced)

    def type_of(self, manifest: Manifest) -> ResourceType:
        """The manifest's type, in the version that it is written in.

        Where nobody knows the kind it is guessed: its plural as kubectl does, and that it has a namespace if it names
        one. The plural only names a file in the archive; restore asks its server.

        Raises:
            ManifestError: it cannot be told whether the kind has a namespace.
        """
        gvk = GVK.of(manifest)
        known = self._find(gvk.group_kind)
        if known is not None:
            return replace(known, gvk=gvk)
        if gvk.group in BUILT_IN_GROUPS:
            raise ManifestError(
                f"{ObjectRef.of(manifest)}: no such kind of Kubernetes is known here, and the primary {self._why()}; "
                "correct apiVersion and kind"
            )
        if manifest["metadata"].get("namespace"):
            return ResourceType(gvk, guessed_plural(gvk.kind), namespaced=True)
        raise ManifestError(
            f"{ObjectRef.of(manifest)}: it cannot be told whether this kind has a namespace: its "
            f"CustomResourceDefinition is not among the files, and the primary {self._why()}; add the definition"
        )

    def _find(self, kind: tuple[str, str]) -> ResourceType | None:
        served = self._discovery.find(*kind) if self._discovery else None
        return self._defined.get(kind) or BUILT_IN_TYPES.get(kind) or served

    def _why(self) -> str:
        return "cannot be asked" if self._discovery is None else "does not serve it either"


def guessed_plural(kind: str) -> str:
    """As k8s.io/apimachinery/pkg/api/meta guesses it (UnsafeGuessKindToResource)."""
    singular = kind.lower()
    if singular.endswith("s"):
        return f"{singular}es"
    return f"{singular.removesuffix('y')}ies" if singular.endswith("y") else f"{singular}s"
