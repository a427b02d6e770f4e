"""Object Storage: objects, conditions, ranges, pages. Rights as in its policy reference; what may not be is masked."""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

from tests.fakes.oci_server.wire import Answer, RefusedError, Request, as_json

RIGHTS = frozenset({"OBJECT_CREATE", "OBJECT_OVERWRITE", "OBJECT_READ", "OBJECT_INSPECT", "OBJECT_DELETE"})
MOST_KEYS = 1000


@dataclass(frozen=True)
class StoredObject:
    data: bytes
    metadata: dict[str, str]
    content_type: str
    etag: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def headers(self) -> dict[str, str]:
        digest = base64.b64encode(hashlib.md5(self.data, usedforsecurity=False).digest()).decode()
        usual = {"etag": self.etag, "content-type": self.content_type, "content-md5": digest}
        return {**usual, "last-modified": formatdate(usegmt=True), "accept-ranges": "bytes", **self.metadata}


@dataclass
class Bucket:
    """One bucket. `page_keys` bounds a page below the service's own limit."""

    namespace: str
    name: str
    region: str
    rights: frozenset[str] = RIGHTS
    page_keys: int = MOST_KEYS
    objects: dict[str, StoredObject] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def need(self, *rights: str) -> None:
        if not self.rights.issuperset(rights):
            raise not_found("BucketNotFound")


@dataclass
class Upload:
    object: str
    metadata: dict[str, str]
    content_type: str
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)


Changed = Callable[[str, Bucket, str, StoredObject], None]
"""Called with "create", "update" or "delete", once it is done."""


def not_found(code: str) -> RefusedError:
    return RefusedError(404, code, "Either it does not exist or you are not authorized to access it")


class ObjectStorage:
    """All buckets of all regions."""

    def __init__(self, changed: Changed) -> None:
        self.buckets: dict[tuple[str, str, str], Bucket] = {}
        self.lock = threading.RLock()
        self._changed = changed

    def bucket(self, region: str, namespace: str, name: str) -> Bucket:
        found = self.buckets.get((region, namespace, name))
        if found is None:
            raise not_found("BucketNotFound")
        return found

    def list(self, bucket: Bucket, request: Request) -> Answer:
        bucket.need("OBJECT_INSPECT")
        prefix, start = request.query.get("prefix", ""), request.query.get("start", "")
        limit = min(int(request.query.get("limit", MOST_KEYS)), MOST_KEYS, bucket.page_keys)
        with self.lock:
            names = sorted(name for name in bucket.objects if name.startswith(prefix) and name >= start)
        body: dict[str, object] = {"objects": [{"name": name} for name in names[:limit]], "prefixes": []}
        if len(names) > limit:
            body["nextStartWith"] = names[limit]
        return as_json(body)

    def put(self, bucket: Bucket, name: str, request: Request) -> Answer:
        metadata = {key: value for key, value in request.headers.items() if key.startswith("opc-meta-")}
        stored = StoredObject(request.body, metadata, request.headers.get("content-type", "application/octet-stream"))
        self.store(bucket, name, stored, request.headers.get("if-none-match", ""))
        return Answer(200, {"etag": stored.etag})

    def store(self, bucket: Bucket, name: str, stored: StoredObject, if_none_match: str) -> None:
        with self.lock:
            there = name in bucket.objects
            check_absent(if_none_match, there=there)
            bucket.need("OBJECT_OVERWRITE" if there else "OBJECT_CREATE")
            bucket.objects[name] = stored
        self._changed("update" if there else "create", bucket, name, stored)

    def get(self, bucket: Bucket, name: str, request: Request) -> Answer:
        bucket.need("OBJECT_READ")
        found = self._found(bucket, name)
        if request.headers.get("if-match", found.etag) != found.etag:
            raise RefusedError(412, "IfMatchFailed")
        headers, data = found.headers, found.data
        asked = request.headers.get("range", "")
        if not asked:
            return Answer(200, headers, data)
        first, last = _range(asked, len(data))
        headers |= {"content-range": f"bytes {first}-{last}/{len(data)}"}
        return Answer(206, headers, data[first : last + 1])

    def head(self, bucket: Bucket, name: str) -> Answer:
        if not bucket.rights & {"OBJECT_READ", "OBJECT_INSPECT"}:
            raise not_found("BucketNotFound")
        found = self._found(bucket, name)
        return Answer(200, found.headers, b"", len(found.data))

    def delete(self, bucket: Bucket, name: str) -> Answer:
        bucket.need("OBJECT_DELETE")
        with self.lock:
            found = self._found(bucket, name)
            del bucket.objects[name]
        self._changed("delete", bucket, name, found)
        return Answer(204)

    def _found(self, bucket: Bucket, name: str) -> StoredObject:
        with self.lock:
            found = bucket.objects.get(name)
        if found is None:
            raise not_found("ObjectNotFound")
        return found


def check_absent(if_none_match: str, *, there: bool) -> None:
    if if_none_match and if_none_match != "*":
        raise RefusedError(400, "InvalidHeader", "The only valid value of if-none-match is *")
    if if_none_match and there:
        raise RefusedError(412, "IfNoneMatchFailed", "The If-None-Match header is * and the object exists")


def _range(text: str, size: int) -> tuple[int, int]:
    first, _, last = text.removeprefix("bytes=").partition("-")
    begin, end = int(first), min(int(last or size - 1), size - 1)
    if begin > end:
        raise RefusedError(416, "InvalidRange")
    return begin, end
