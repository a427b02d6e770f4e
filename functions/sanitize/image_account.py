"""Which images the other site needs, once the transforms have moved some and left out some of their users."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshots import ImageUse
from kubestandby.transforms import ImageTransform, Transform, namespace_names

from .transform_images import images_of, moved_image


class ImageAccount:
    """Follows the images of every object. A user is an object as text, named as on its source."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self._maps = [item for item in transforms if isinstance(item, ImageTransform)]
        self._fields = tuple(field for item in self._maps for field in item.fields)
        self._namespaces = namespace_names(transforms)
        self._new_users: dict[str, str | None] = {}
        self._gone: set[tuple[str, str]] = set()
        self._come: set[tuple[str, str]] = set()

    def note(self, ref: ObjectRef, before: Manifest, after: Manifest | None) -> None:
        """Notes an object before and after all transforms; None where it was left out."""
        user = str(ref)
        self._new_users[user] = None if after is None else str(ObjectRef.of(after))
        if after is None or after is before:
            return
        old, new = images_of(before, self._fields), images_of(after, self._fields)
        self._gone.update((image, user) for image in old - new)
        self._come.update((image, user) for image in new - old)

    def uses(self, uses: Iterable[ImageUse]) -> tuple[ImageUse, ...]:
        """The images and their users on the other site, sorted."""
        if not self._new_users:
            return tuple(uses)
        pairs = {(use.reference, user) for use in uses for user in use.used_by}
        kept = (pairs - self._gone) | self._come
        users: dict[str, set[str]] = {}
        for image, user in kept:
            new_image, new_user = self._on_the_other_site(image, user)
            if new_user is not None:
                users.setdefault(new_image, set()).add(new_user)
        return tuple(ImageUse(reference=image, used_by=tuple(sorted(users[image]))) for image in sorted(users))

    def _on_the_other_site(self, image: str, user: str) -> tuple[str, str | None]:
        if user in self._new_users:
            return image, self._new_users[user]
        return self._moved(image), self._renamed(user)

    def _moved(self, image: str) -> str:
        """The image of a user that is not in the snapshot, such as a CronJob's Job: it comes from one that is."""
        for transform in self._maps:
            with suppress(ValueError):
                image = moved_image(image, transform)
        return image

    def _renamed(self, user: str) -> str:
        kind, _, name = user.rpartition(" ")
        namespace, slash, rest = name.partition("/")
        return f"{kind} {self._namespaces.get(namespace, namespace)}{slash}{rest}" if slash else user
