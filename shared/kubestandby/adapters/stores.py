"""Opens the object store that a URL names."""

from kubestandby.adapters.file_store import FileStore
from kubestandby.adapters.store_urls import OCI_FORM, S3_FORM, oci_bucket
from kubestandby.errors import ConfigError
from kubestandby.ports import ObjectStore


def open_store(url: str) -> ObjectStore:
    """The store of this URL; nothing is read or written yet.

    Raises:
        ConfigError: the URL is malformed, or of a kind that this version does not know.
    """
    scheme, separator, _ = url.partition("://")
    if separator and scheme == "file":
        return FileStore(url)
    if separator and scheme == "oci":
        return _oci_store(url)
    if separator and scheme == "s3":
        return _s3_store(url)
    raise ConfigError(f"store {url!r} is of no known kind; write it as file:///absolute/path, {OCI_FORM}, or {S3_FORM}")


def _oci_store(url: str) -> ObjectStore:
    # Late, as the SDK behind it: who keeps buckets in folders loads nothing of it.
    from kubestandby.adapters.oci.object_store import OciStore

    oci_bucket(url)
    return OciStore(url)


def _s3_store(url: str) -> ObjectStore:
    from kubestandby.adapters.s3_store import S3Store

    return S3Store(url)
