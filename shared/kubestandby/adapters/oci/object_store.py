"""A bucket in OCI Object Storage (`oci://NAMESPACE/BUCKET?region=REGION`) behind `ports.ObjectStore`.

Create-only is the service's own: a put with `if-none-match: *` is answered 412 where there is an object of the name,
and of any number of writers exactly one is not. Each put carries an id of its own as metadata: where a reply was lost,
whether the object that is there now is this put's is read from it, not guessed.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from typing import BinaryIO, TypeVar, cast

from kubestandby.adapters.oci.bodies import Body, measured
from kubestandby.adapters.oci.bucket import Bucket
from kubestandby.adapters.oci.calling import Caller, Refused, not_the_services
from kubestandby.adapters.oci.object_reading import ObjectReader
from kubestandby.adapters.oci.uploading import CONTENT_TYPE, MultipartUpload
from kubestandby.adapters.store_urls import check_key, oci_bucket
from kubestandby.errors import (
    ObjectExistsError,
    ObjectMissingError,
    ObjectTooLargeError,
    StoreError,
    StoreUnavailableError,
)

_Answer = TypeVar("_Answer")
PAGE_KEYS = 1000
"""The most that one page of a list holds."""
SINGLE_PUT_BYTES = 512 * 1024 * 1024
"""Up to here an object is put at once, which takes the right to create only; uploads in parts take that to overwrite,
too, whatever their conditions (OCI's policy reference). The service's own limit is 50 GiB."""
PART_BYTES = 64 * 1024 * 1024
READ_BYTES = 1024 * 1024
WRITE_ID = "kubestandby-write"
DIGEST = "kubestandby-sha256"


@dataclass(frozen=True, slots=True)
class OciStore:
    """One bucket, or the part of one under a prefix. Safe to use from many threads.

    Attributes:
        single_put_bytes: what is larger is put in parts.
        part_bytes: of each part but the last; the service wants at least 10 MiB.
    """

    url: str
    caller: Caller = field(default_factory=Caller)
    single_put_bytes: int = SINGLE_PUT_BYTES
    part_bytes: int = PART_BYTES

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        """Creates the object whole or not at all; see `ports.ObjectStore`."""
        name = self._bucket.name(key)
        with measured(data) as body:
            marks = {WRITE_ID: uuid.uuid4().hex, DIGEST: body.sha256}
            try:
                self._put(name, body, marks)
            except Refused as refused:
                if refused.ambiguous and self._is_ours(key, name, marks):
                    return
                if refused.status == 412:
                    raise ObjectExistsError(f"object {key} in {self.url} exists already") from refused
                if refused.status == 404 and body.size > self.single_put_bytes:
                    raise StoreError(_no_right_to_parts(self.url, key, body.size, self.single_put_bytes)) from refused
                raise self._error("write", f"object {key}", refused) from refused

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """The whole object; see `ports.ObjectStore`."""
        with self.open(key, max_bytes=max_bytes) as stream:
            return stream.read()

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        """A stream of the object; where the connection breaks, it goes on from there. See `ports.ObjectStore`."""
        name = self._bucket.name(key)

        def explained(read: Callable[[], _Answer]) -> _Answer:
            try:
                return read()
            except Refused as refused:
                raise self._error("read", f"object {key}", refused) from refused

        reader = ObjectReader(self._bucket, name, explained)
        if reader.size > max_bytes:
            reader.close()
            raise ObjectTooLargeError(f"object {key} in {self.url} has {reader.size} bytes; the limit is {max_bytes}")
        return cast("BinaryIO", BufferedReader(reader, READ_BYTES))

    def list(self, prefix: str) -> Sequence[str]:
        """All keys that start with the prefix, sorted; see `ports.ObjectStore`."""
        if prefix:
            check_key(prefix.removesuffix("/"))
        before = self._bucket.at.prefix
        try:
            return sorted(name.removeprefix(before) for page in self._pages(before + prefix) for name in page)
        except Refused as refused:
            raise self._error("list", f"{prefix}*", refused) from refused

    def delete(self, key: str) -> None:
        """Removes the object; no error where there is none."""
        try:
            self._bucket.call("delete_object", self._bucket.name(key))
        except Refused as refused:
            if refused.code != "ObjectNotFound":
                raise self._error("delete", f"object {key}", refused) from refused

    def _pages(self, prefix: str) -> Iterator[Sequence[str]]:
        """The names of a list, page by page.

        Raises:
            Refused: the list cannot be had.
            StoreUnavailableError: it does not come to an end.
        """
        options, start = {"prefix": prefix, "limit": PAGE_KEYS, "fields": "name"}, ""
        while True:
            page = self._bucket.call("list_objects", **options).data
            if page.objects is None:
                raise not_the_services(200)
            yield [item.name for item in page.objects]
            if not page.next_start_with:
                return
            if page.next_start_with <= start:
                raise StoreUnavailableError(f"store {self.url} repeats a page of its list; try again")
            options["start"] = start = page.next_start_with

    @property
    def _bucket(self) -> Bucket:
        return Bucket(oci_bucket(self.url), self.caller)

    def _put(self, name: str, body: Body, marks: dict[str, str]) -> None:
        if body.size > self.single_put_bytes:
            MultipartUpload(self._bucket, name, body, self.part_bytes).run(marks)
            return
        answer = self._bucket.call(
            "put_object",
            name,
            body.whole,
            content_length=body.size,
            content_type=CONTENT_TYPE,
            if_none_match="*",
            opc_meta=marks,
        )
        if not answer.headers.get("etag"):
            raise not_the_services(answer.status)

    def _is_ours(self, key: str, name: str, marks: dict[str, str]) -> bool:
        """Whether the object that is there is the one of this put.

        Raises:
            StoreUnavailableError: that cannot be known now.
        """
        try:
            found = self._bucket.call("head_object", name).headers
        except Refused as refused:
            if refused.status == 404:
                return False
            raise StoreUnavailableError(
                f"store {self.url} does not tell whether object {key} was written: {refused}; try again later"
            ) from refused
        return bool(found.get(f"opc-meta-{WRITE_ID}") == marks[WRITE_ID])

    def _error(self, verb: str, what: str, refused: Refused) -> StoreError:
        if refused.status == 404 and refused.code in ("ObjectNotFound", ""):
            return ObjectMissingError(f"{what} in {self.url} does not exist")
        kind = StoreUnavailableError if refused.passing else StoreError
        return kind(f"store {self.url} cannot {verb} {what}: {refused}; {_next_step(refused)}")


def _no_right_to_parts(url: str, key: str, size: int, most: int) -> str:
    return (
        f"store {url} cannot write object {key} of {size >> 20} MiB: what is larger than {most >> 20} MiB is put in"
        " parts, which takes the right OBJECT_OVERWRITE, too (large_archives in Terraform, docs/oci.md)"
    )


def _next_step(refused: Refused) -> str:
    if refused.status == 404:
        return (
            "there is no such bucket in that region, or this process has no right to do that there:"
            " docs/oci.md lists the rights"
        )
    if refused.status in (401, 403):
        return "check who this process is (KUBESTANDBY_OCI_AUTH) and its clock, and grant it the rights in docs/oci.md"
    if refused.status == 0:
        return "check the region in the URL and the way to it: subnet, service gateway, proxy"
    return "try again later" if refused.passing else "see the service's status and limits"
