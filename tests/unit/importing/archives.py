"""Archives for tests, made by Python's tarfile and by hand."""

import gzip
import io
import tarfile
from typing import Any

MANIFEST = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: shop}\n"


def manifest(name: str) -> bytes:
    return MANIFEST % name.encode()


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def tar_gz(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    return gzip.compress(tar(*members, form=form))
