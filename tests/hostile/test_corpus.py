"""Every hostile input gets its one clear error: no traceback, nothing secret in it, nothing written to disk."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kubestandby.adapters import kube_credentials
from tests.hostile.corpus import ALL
from tests.hostile.corpus.case import CANARY, Hostile
from tests.hostile.readers import READERS

AT_LEAST = 600
"""So many different inputs; the project asks for 300."""

TOLD_NOTHING = ("401 ", "404 ")
"""Whoever proves nothing learns nothing."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_opened: list[str] | None = None


@pytest.mark.parametrize("hostile", ALL, ids=lambda hostile: hostile.id)
def test_hostile_input_is_refused_in_one_clear_sentence(hostile: Hostile, tmp_path: Path, secrets: None) -> None:
    read = READERS[hostile.reader](hostile.data, tmp_path)

    with pytest.raises(hostile.error) as caught, nothing_written():
        read()

    said = str(caught.value)
    assert [words for words in hostile.says if words not in said] == [], said
    assert CANARY not in said
    assert base64.b64encode(CANARY.encode()).decode() not in said
    assert "; " in said or said.startswith(TOLD_NOTHING), "it does not say what to do"
    assert "\n" not in said
    assert "Traceback" not in said
    assert said.isprintable()
    assert len(said) < 1000


def test_the_corpus_has_enough_inputs_and_each_only_once() -> None:
    assert len({hashlib.sha256(hostile.data).digest() for hostile in ALL}) >= AT_LEAST
    assert len({hostile.id for hostile in ALL}) == len(ALL)
    assert {hostile.reader for hostile in ALL} == set(READERS)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Fails if a file is opened for writing meanwhile, whatever opens it."""
    global _opened  # noqa: PLW0603 - an audit hook stays for ever, so it has to be told when to look
    _opened = []
    try:
        yield
    finally:
        opened, _opened = _opened, None
        assert opened == []


def _on_audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is None or event not in ("open", "os.mkdir", "os.rename", "os.link", "os.symlink"):
        return
    path = str(arguments[0])
    writes = event != "open" or bool(arguments[2] & _WRITES)
    # What Python keeps of a module that is imported meanwhile; a folder in memory that is gone at once.
    if writes and "__pycache__" not in path and kube_credentials.PREFIX not in path:
        _opened.append(f"{event} {path}")


sys.addaudithook(_on_audit)
