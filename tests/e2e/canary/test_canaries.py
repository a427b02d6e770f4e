"""The finder of the end-to-end test finds what there is to find."""

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.e2e.canary.canaries import Canaries, Finder

CANARIES = Canaries.hatch()
FINDER = Finder.of(CANARIES, {})


def tar_gz(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("a/b.yaml")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": lambda value: value.encode(),
    "backwards": lambda value: value[::-1].encode(),
    "first half": lambda value: value.partition("/")[0].encode(),
    "second half": lambda value: value.partition("/")[2].encode(),
    "in a URL": lambda value: quote(value, safe="").encode(),
    "in JSON": lambda value: json.dumps({"a": value}).encode(),
    "hex": lambda value: value.encode().hex().encode(),
    "base64": lambda value: base64.b64encode(value.encode()),
    "base64 from the second byte": lambda value: base64.b64encode(b"x" + value.encode()),
    "base64 from the third byte": lambda value: base64.b64encode(b"xy" + value.encode()),
    "base64 twice": lambda value: base64.b64encode(b"{" + base64.b64encode(b"z" + value.encode()) + b"}"),
    "gzip": lambda value: gzip.compress(value.encode()),
    "tar": lambda value: tar_gz(value.encode()),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_canary_is_found_however_it_is_written(form: str) -> None:
    assert FINDER.sightings("file", WRITTEN[form](CANARIES.at("here")))


def test_what_is_no_canary_is_not_found() -> None:
    assert not FINDER.sightings("file", Canaries.hatch().at("here").encode() * 1000)
