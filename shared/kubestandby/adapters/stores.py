"""Opens the object store that a URL names."""

from kubestandby.adapters.file_store import FileStore
from kubestandby.errors import ConfigError
from kubestandby.ports import ObjectStore

_FORESEEN = ("oci", "s3")


def open_store(url: str) -> ObjectStore:
    """The store of this URL; nothing is read or written yet.

    Raises:
        ConfigError: the URL is malformed, or of a kind that this version does not know.
    """
    scheme, separator, _ = url.partition("://")
    if separator and scheme == "file":
        return FileStore(url)
    if separator and scheme in _FORESEEN:
        raise ConfigError(f"store {url!r}: {scheme}:// is not yet supported by this version; use file:///absolute/path")
    raise ConfigError(f"store {url!r} is of no known kind; write it as file:///absolute/path")
