"""A bucket's URL taken apart, and which bucket of the configuration an event speaks of. Pure: opens nothing.

file:///absolute/path
oci://NAMESPACE/BUCKET[/PREFIX]?region=REGION      OCI Object Storage
s3://BUCKET[/PREFIX][?region=REGION&endpoint=URL]  S3 and what speaks like it
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from kubestandby.errors import ConfigError, StoreError
from kubestandby.events import ObjectCreated

MAX_KEY_BYTES = 1024
OCI_FORM = "oci://NAMESPACE/BUCKET?region=us-ashburn-1, perhaps with /PREFIX after the bucket"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)*-[0-9]+")
_PREFIX = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


S3_FORM = "s3://BUCKET?region=us-east-1, or s3://BUCKET?endpoint=https://HOST for a service of your own"
_S3_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class OciBucket:
    """A bucket in OCI, or a folder-like part of one. `prefix` ends in a slash, or is empty."""

    namespace: str
    bucket: str
    region: str
    prefix: str = ""

    @property
    def place(self) -> str:
        """As it stands in OCI's events, which name no region."""
        return f"oci://{self.namespace}/{self.bucket}"


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """A bucket of S3, or a folder-like part of one.

    `region` and `endpoint` are "" where the environment says them (AWS_REGION, AWS_ENDPOINT_URL).
    """

    bucket: str
    prefix: str = ""
    region: str = ""
    endpoint: str = ""

    @property
    def plain_http(self) -> bool:
        """Whether the endpoint is reached without TLS, which only this machine's own is."""
        return self.endpoint.startswith("http://")


def oci_bucket(url: str) -> OciBucket:
    """Takes an `oci://` URL apart.

    Raises:
        ConfigError: it is not of that form.
    """
    parts = urlsplit(url)
    bucket, _, prefix = parts.path.removeprefix("/").partition("/")
    if parts.scheme != "oci" or parts.fragment or not (_NAME.fullmatch(parts.netloc) and _NAME.fullmatch(bucket)):
        raise ConfigError(f"store {url!r} is not a bucket of OCI; write it as {OCI_FORM}")
    _check_prefix(url, prefix)
    options = _options(url, parts.query, known=("region",))
    region = options.get("region", "")
    if not region:
        raise ConfigError(f"store {url!r} does not say its region; add ?region=us-ashburn-1, or whichever it is in")
    if not _REGION.fullmatch(region):
        raise ConfigError(f"store {url!r}: {region[:40]!r} is no region's name; write it as in us-ashburn-1")
    return OciBucket(parts.netloc, bucket, region, f"{prefix}/" if prefix else "")


def s3_bucket(url: str) -> S3Bucket:
    """Takes an `s3://` URL apart.

    Raises:
        ConfigError: it is not of that form, holds credentials, or would send data in clear over a network.
    """
    parts = urlsplit(url)
    if "@" in url:
        raise ConfigError("a store's URL holds no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
    if parts.scheme != "s3" or parts.fragment or not _S3_NAME.fullmatch(parts.netloc):
        raise ConfigError(f"store {url!r} is not a bucket of S3; write it as {S3_FORM}")
    prefix = parts.path.removeprefix("/")
    _check_prefix(url, prefix)
    options = _options(url, parts.query, known=("region", "endpoint"))
    region, endpoint = options.get("region", ""), options.get("endpoint", "")
    if region and not _NAME.fullmatch(region):
        raise ConfigError(f"store {url!r}: {region[:40]!r} is no region's name; write it as in us-east-1")
    _check_endpoint(url, endpoint)
    return S3Bucket(parts.netloc, f"{prefix}/" if prefix else "", region, endpoint)


def _check_prefix(url: str, prefix: str) -> None:
    if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
        raise ConfigError(
            f"store {url!r} has a prefix that is none; write words of letters, digits and _.- between slashes,"
            " without one at the end"
        )


def _check_endpoint(url: str, endpoint: str) -> None:
    if not endpoint:
        return
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigError(f"store {url!r}: its endpoint is not an address like https://s3.example.com:9000")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigError(f"store {url!r}: http:// is for this machine's own service only; use https://")


def check_url(url: str) -> None:
    """Makes sure that the URL is well formed, as far as this can be said without opening it.

    Raises:
        ConfigError: it is not.
    """
    if url.startswith("oci://"):
        oci_bucket(url)
    if url.startswith("s3://"):
        s3_bucket(url)


def overlap(one: str, other: str) -> bool:
    """Whether two buckets share a place, or one lies inside the other.

    Two buckets of OCI share theirs where they differ in their region only: no event tells one from the other.
    """
    first, second = (f"{_place(url)}/" for url in (one, other))
    return first.startswith(second) or second.startswith(first)


def placed(event: ObjectCreated, urls: Iterable[str]) -> ObjectCreated | None:
    """The event with bucket and key as the configuration has them; None where it is of none of these buckets."""
    for url in urls:
        if event.bucket == url:
            return event
        if not url.startswith("oci://"):
            continue
        bucket = oci_bucket(url)
        if event.bucket == bucket.place and event.key.startswith(bucket.prefix):
            return replace(event, bucket=url, key=event.key.removeprefix(bucket.prefix))
    return None


def check_key(key: str) -> None:
    """Makes sure that a key stays where it belongs, whoever chose it.

    Raises:
        StoreError: it is not relative, has an empty, `.` or `..` part, or is too long.
    """
    if any(part in ("", ".", "..") for part in key.split("/")) or not key.isprintable():
        raise StoreError(f"{key[:200]!r} is not an object's key: it must be relative and have no empty, . or .. part")
    if len(key.encode("utf-8", "surrogateescape")) > MAX_KEY_BYTES:
        raise StoreError(f"{key[:200]!r}… is not an object's key: it is longer than {MAX_KEY_BYTES} bytes")


def _place(url: str) -> str:
    """What of a URL says where its objects are."""
    if url.startswith("oci://"):
        bucket = oci_bucket(url)
        return f"{bucket.place}/{bucket.prefix}".removesuffix("/")
    if url.startswith("s3://"):
        at = s3_bucket(url)
        # A bucket's name is one's own only at its endpoint.
        return f"s3://{at.endpoint}/{at.bucket}/{at.prefix}".removesuffix("/")
    return unquote(url.partition("?")[0])


def _options(url: str, query: str, *, known: tuple[str, ...]) -> Mapping[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    for name, _ in pairs:
        if name not in known:
            raise ConfigError(f"store {url!r}: there is no option {name[:40]!r}; the options are {', '.join(known)}")
    if len(dict(pairs)) < len(pairs):
        raise ConfigError(f"store {url!r} says an option twice; leave one out")
    return dict(pairs)
