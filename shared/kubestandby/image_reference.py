"""Image references, parsed as container runtimes parse them (github.com/distribution/reference, ParseNormalizedNamed).

`nginx` is `docker.io/library/nginx`; `localhost:5000/web` is repository `web` of registry `localhost:5000`. Pure.
"""

import re
from dataclasses import dataclass, replace

DOCKER_HUB = "docker.io"
_DOCKER_HUB_ALIAS = "index.docker.io"
_OFFICIAL = "library"
_MAX_NAME = 255
_MAX_TEXT = 1024

_HOST_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_REGISTRY = re.compile(rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?")
_SEGMENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """An image: where it is, and which version of it by tag, by digest, or by both."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "ImageReference":
        """Reads a reference; one without a registry is of Docker Hub.

        Raises:
            ValueError: it is none; the message does not hold it.
        """
        if len(text) > _MAX_TEXT:
            raise ValueError(f"longer than {_MAX_TEXT} characters")
        name, at, digest = text.partition("@")
        name, tag = _split_tag(name)
        registry, repository = _split_registry(name)
        reference = cls(registry=registry, repository=repository, tag=tag or "", digest=digest)
        if at and not _DIGEST.fullmatch(digest):
            raise ValueError("what follows the @ is no digest")
        if tag is not None and not _TAG.fullmatch(tag):
            raise ValueError("what follows the : is no tag")
        _check_name(registry, repository)
        return reference

    def __str__(self) -> str:
        """The reference in full, with its registry."""
        return f"{self.registry}/{self.repository}{self._version}"

    @property
    def short(self) -> str:
        """The reference without what goes without saying: `nginx:1.27` for an image of Docker Hub."""
        short = f"{self.repository.removeprefix(f'{_OFFICIAL}/')}{self._version}"
        try:
            return short if ImageReference.parse(short) == self else str(self)
        except ValueError:
            return str(self)

    @property
    def _version(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlace:
    """A registry, or a part of one: all repositories below a prefix of whole path segments ("" = every one)."""

    registry: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> "ImagePlace":
        """Reads `REGISTRY` or `REGISTRY/PREFIX`; the registry has to be there.

        Raises:
            ValueError: it has another form.
        """
        registry, slash, prefix = text.partition("/")
        if not _is_registry(registry) or not _REGISTRY.fullmatch(registry):
            raise ValueError("it does not begin with a registry, such as docker.io/library")
        if slash and not all(_SEGMENT.fullmatch(segment) for segment in prefix.split("/")):
            raise ValueError("what follows the registry is no repository; leave tags and digests out")
        return cls(registry=_canonical(registry), prefix=prefix)

    def __str__(self) -> str:
        """`REGISTRY/PREFIX`."""
        return f"{self.registry}/{self.prefix}".rstrip("/")

    def holds(self, place: "ImagePlace") -> bool:
        """Whether all of the other place is in this one."""
        return _is_same_host(self.registry, place.registry) and _rest(self.prefix, place.prefix) is not None

    def moved(self, image: ImageReference, target: "ImagePlace") -> ImageReference | None:
        """The image at the target instead of here, tag and digest as they are; None where it is not here.

        Raises:
            ValueError: nothing would be left of the repository's name, or it would be too long.
        """
        rest = _rest(self.prefix, image.repository) if _is_same_host(image.registry, self.registry) else None
        if rest is None:
            return None
        repository = f"{target.prefix}/{rest}".strip("/")
        if not repository:
            raise ValueError(f"nothing would be left of the repository's name in {target}")
        _check_name(target.registry, repository)
        return replace(image, registry=target.registry, repository=repository)


def _rest(prefix: str, path: str) -> str | None:
    """What follows the prefix in the path, by whole segments; None where the path does not begin with it."""
    if not prefix or path == prefix:
        return path[len(prefix) :]
    return path[len(prefix) + 1 :] if path.startswith(f"{prefix}/") else None


def _split_tag(name: str) -> tuple[str, str | None]:
    """The name and the tag; a colon before the last slash is a port's."""
    before, colon, after = name.rpartition(":")
    return (before, after) if colon and "/" not in after else (name, None)


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not _is_registry(first):
        first, rest = DOCKER_HUB, name
    registry = _canonical(first)
    official = registry == DOCKER_HUB and "/" not in rest
    return registry, f"{_OFFICIAL}/{rest}" if official else rest


def _is_registry(first: str) -> bool:
    """Whether the first segment is a host, by the runtimes' rule."""
    return "." in first or ":" in first or first == "localhost" or first != first.lower()


def _canonical(registry: str) -> str:
    return DOCKER_HUB if registry.lower() in (_DOCKER_HUB_ALIAS, DOCKER_HUB) else registry


def _is_same_host(one: str, other: str) -> bool:
    """Host names do not differ in case (RFC 3986, section 3.2.2)."""
    return one.lower() == other.lower()


def _check_name(registry: str, repository: str) -> None:
    if not _REGISTRY.fullmatch(registry):
        raise ValueError("its registry is no host name")
    if not all(_SEGMENT.fullmatch(segment) for segment in repository.split("/")):
        raise ValueError("its repository is not in the form of one (lower case, digits and . _ - between them)")
    if _IMAGE_ID.fullmatch(repository.removeprefix(f"{_OFFICIAL}/")):
        raise ValueError("it is the ID of an image, not a reference")
    if len(registry) + 1 + len(repository) > _MAX_NAME:
        raise ValueError(f"registry and repository are longer than {_MAX_NAME} characters")
