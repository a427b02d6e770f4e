"""Whether the places that transforms declare for custom resources are there at all: a misspelt one finds nothing."""

from collections.abc import Sequence
from contextlib import suppress

from kubestandby.resources import GVK, Manifest
from kubestandby.snapshots import TRANSFORM_RULE, RuleCount
from kubestandby.transforms import (
    FieldPath,
    ImageTransform,
    IngressClassTransform,
    NamespaceTransform,
    StorageClassTransform,
    Transform,
)

from .pointers import pointer, texts_at
from .transform_steps import TransformError

_WITH_FIELDS = ImageTransform | IngressClassTransform | NamespaceTransform | StorageClassTransform


class FieldAccount:
    """Counts in how many objects there is a text at each declared place."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self._places = [
            (item.name, place) for item in transforms if isinstance(item, _WITH_FIELDS) for place in item.fields
        ]
        self._found = dict.fromkeys(self._places, 0)
        self._kinds = {(place.group, place.kind) for _, place in self._places}

    def note(self, manifest: Manifest) -> None:
        """Looks at an object as it comes from its source."""
        if not self._kinds or GVK.of(manifest).group_kind not in self._kinds:
            return
        for key in self._places:
            with suppress(TransformError):  # told by the transform itself, where it gets as far as that
                self._found[key] += bool(texts_at(manifest, key[1:]))

    def counts(self, name: str) -> tuple[RuleCount, ...]:
        """One count for each place that the transform of this name declares."""
        return tuple(
            RuleCount(rule=f"{TRANSFORM_RULE}{name} {_shown(place)}", count=count)
            for (transform, place), count in self._found.items()
            if transform == name
        )


def _shown(place: FieldPath) -> str:
    """`/spec/pools/*/image of Worker.acme.example.com`."""
    return f"{pointer(place.path)} of {place.kind}{f'.{place.group}' if place.group else ''}"
