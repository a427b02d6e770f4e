"""Large objects in parts, create-only like small ones: whoever commits second is answered 412.

The upload's own digest is ours: the service's of such an object is one over the parts' digests. A part that was sent
twice counts once; an upload that fails is given up, so that its parts cost nothing.
"""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubestandby.adapters.oci.bodies import Body
from kubestandby.adapters.oci.bucket import Bucket
from kubestandby.adapters.oci.calling import Refused

CONTENT_TYPE = "application/octet-stream"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MultipartUpload:
    """One object that is put in parts, one after the other: a function has little memory and one network."""

    bucket: Bucket
    name: str
    body: Body
    part_bytes: int

    def run(self, marks: dict[str, str]) -> None:
        """Puts the object; `marks` becomes its metadata.

        Raises:
            Refused: 412 where there is an object of the name; else as for any call.
        """
        upload_id = self._begin(marks)
        try:
            self._commit(upload_id, self._parts(upload_id))
        except BaseException:
            self._give_up(upload_id)
            raise

    def _begin(self, marks: dict[str, str]) -> str:
        from oci.object_storage.models import CreateMultipartUploadDetails

        details = CreateMultipartUploadDetails(
            object=self.name,
            content_type=CONTENT_TYPE,
            metadata={f"opc-meta-{name}": value for name, value in marks.items()},
        )
        return str(self.bucket.call("create_multipart_upload", details, if_none_match="*").data.upload_id)

    def _parts(self, upload_id: str) -> list[Any]:
        from oci.object_storage.models import CommitMultipartUploadPartDetails

        parts: list[Any] = []
        for number, offset in enumerate(range(0, self.body.size, self.part_bytes), start=1):
            size = min(self.part_bytes, self.body.size - offset)
            part = partial(self.body.part, offset, size)
            answer = self.bucket.call("upload_part", self.name, upload_id, number, part, content_length=size)
            parts.append(CommitMultipartUploadPartDetails(part_num=number, etag=answer.headers["etag"]))
        return parts

    def _commit(self, upload_id: str, parts: list[Any]) -> None:
        from oci.object_storage.models import CommitMultipartUploadDetails

        details = CommitMultipartUploadDetails(parts_to_commit=parts)
        self.bucket.call("commit_multipart_upload", self.name, upload_id, details, if_none_match="*")

    def _give_up(self, upload_id: str) -> None:
        try:
            self.bucket.call("abort_multipart_upload", self.name, upload_id)
        except Refused as refused:
            # The bucket's lifecycle rule for uploads that were not finished takes it away.
            _LOG.warning("upload_left_behind", extra={"cause": str(refused)})
