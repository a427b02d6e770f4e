"""Uploads in parts. They take the right to overwrite, too (OCI's policy reference)."""

from __future__ import annotations

import uuid

from tests.fakes.oci_server.object_storage import Bucket, ObjectStorage, StoredObject, Upload, check_absent
from tests.fakes.oci_server.wire import Answer, RefusedError, Request, as_json

MOST_PARTS = 10_000
_RIGHTS = ("OBJECT_CREATE", "OBJECT_OVERWRITE")


class Multipart:
    def __init__(self, storage: ObjectStorage, smallest_part: int = 10 << 20) -> None:
        self._storage = storage
        self.smallest_part = smallest_part
        """In bytes, of all parts but the last; the service's own is 10 MiB."""

    def begin(self, bucket: Bucket, request: Request) -> Answer:
        bucket.need(*_RIGHTS)
        details = request.json()
        name = details["object"]
        check_absent(request.headers.get("if-none-match", ""), there=name in bucket.objects)
        metadata = details.get("metadata") or {}
        if not all(key.startswith("opc-meta-") for key in metadata):
            raise RefusedError(400, "InvalidMetadata")
        upload_id = uuid.uuid4().hex
        bucket.uploads[upload_id] = Upload(name, metadata, details.get("contentType", "application/octet-stream"))
        return as_json({"namespace": bucket.namespace, "bucket": bucket.name, "object": name, "uploadId": upload_id})

    def put_part(self, bucket: Bucket, name: str, request: Request) -> Answer:
        bucket.need(*_RIGHTS)
        number = int(request.query["uploadPartNum"])
        if not 1 <= number <= MOST_PARTS:
            raise RefusedError(400, "InvalidUploadPart")
        etag = str(uuid.uuid4())
        self._upload(bucket, name, request).parts[number] = (etag, request.body)
        return Answer(200, {"etag": etag})

    def commit(self, bucket: Bucket, name: str, request: Request) -> Answer:
        bucket.need(*_RIGHTS)
        upload = self._upload(bucket, name, request)
        wanted = request.json()["partsToCommit"]
        numbers = [part["partNum"] for part in wanted]
        if numbers != sorted(set(numbers)) or any(
            upload.parts.get(part["partNum"], ("",))[0] != part["etag"] for part in wanted
        ):
            raise RefusedError(400, "InvalidUploadPart")
        bodies = [upload.parts[number][1] for number in numbers]
        if any(len(body) < self.smallest_part for body in bodies[:-1]):
            raise RefusedError(400, "InvalidUploadPart", "A part is too small")
        stored = StoredObject(b"".join(bodies), upload.metadata, upload.content_type)
        self._storage.store(bucket, name, stored, request.headers.get("if-none-match", ""))
        del bucket.uploads[request.query["uploadId"]]
        return Answer(200, {"etag": stored.etag})

    def give_up(self, bucket: Bucket, name: str, request: Request) -> Answer:
        bucket.need("OBJECT_DELETE")
        self._upload(bucket, name, request)
        del bucket.uploads[request.query["uploadId"]]
        return Answer(204)

    def _upload(self, bucket: Bucket, name: str, request: Request) -> Upload:
        upload = bucket.uploads.get(request.query.get("uploadId", ""))
        if upload is None or upload.object != name:
            raise RefusedError(404, "NoSuchUpload")
        return upload
