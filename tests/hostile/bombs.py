"""Inputs that are made to go off in memory, and what each reader may take of it at most.

`CAPS_MIB` is the one table of caps: MiB above what the process has before the call. What the readers take on at all is
beside them in the product: bytes, members, depth, values. `python -m tests.hostile.bombs` measures every bomb.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from kubestandby import manifest_yaml
from kubestandby.errors import StandbyError
from tests.fakes.keys import signed
from tests.hostile import readers
from tests.hostile.corpus import archives, configuration, events, foreign, keys, kubeconfigs, records
from tests.hostile.corpus import signed as indexes
from tests.hostile.corpus.case import RefusedError, js, nested, packed
from tests.hostile.readers import READERS
from tests.unit.importing.archives import member, tar

MIB = 1 << 20
CAPS_MIB = {
    "event": 8,
    "call": 8,
    "webhook of github": 8,
    "configuration": 48,
    "trust file": 16,
    "signing key": 8,
    "envelope": 2.5 * 64,
    "raw index": 4 * 16,
    "archive": 8,
    "manifest": 640,
    "foreign manifest": 640,
    "foreign archive": 2.5 * 64,
    "payload": 320,
    "request": 8,
    "outcome": 2.5 * 8,
    "epoch": 8,
    "mark": 8,
    "versions": 8,
    "heartbeat": 8,
    "report": 2.5 * 32,
    "sealed value": 3 * 32,
    "kubeconfig": 64,
}
"""By reader; those that are products are told in multiples of the bytes that are read: of an index, a file of an import
and a sealed value. That of an archive does not depend on what it unpacks to."""

GUARD_MIB = 3 * 1024
"""No bomb gets more address space than this, whatever the cap: the machine is shared."""


def lists(size: int) -> bytes:
    """About so many bytes of the JSON, and YAML, that has the most values: `[[],[],...]`."""
    return b"[" + b"[]," * (size // 3) + b"[]]"


def envelope_of(payload_type: bytes, size: int) -> bytes:
    """An envelope that nobody has signed, of about so many bytes."""
    return b'{"payload":"%s","payloadType":"%s","signatures":[]}' % (b"A" * (size // 4 * 4 - 64), payload_type)


def _body(size: int) -> bytes:
    return events.raw(b'{"id": "' + b"x" * size + b'"}')


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "an event of 64 MiB": ("event", lambda: _body(64 * MIB)),
    "an event of 32,000 lists": ("event", lambda: events.raw(lists(65_000))),
    "an event that is deep": ("event", lambda: events.raw(nested(b"[", 60_000, b""))),
    "a call of 64 MiB": ("call", lambda: events.message(b" " * (64 * MIB))),
    "a delivery of 64 MiB": ("webhook of github", lambda: events.message(b"{" * (64 * MIB), "/webhooks/shop/github")),
    "a configuration of 64 MiB": ("configuration", lambda: b"#" * (64 * MIB)),
    "a configuration of lists": ("configuration", lambda: lists(MIB - 9)),
    "a configuration of keys": (
        "configuration",
        lambda: b"".join(b"k%d: 1\n" % n for n in range(45_000)) + b"kind: x\n",
    ),
    "a configuration of aliases": ("configuration", lambda: configuration.alias_bomb(10, 9).encode()),
    "a configuration that is deep": ("configuration", lambda: b"[" * 200_000),
    "a trust file of 64 MiB": ("trust file", lambda: keys.FILE + b" " * (64 * MIB)),
    "a trust file of signatures": (
        "trust file",
        lambda: js({"payload": "", "payloadType": "x", "signatures": [{"sig": ""}] * 60_000}),
    ),
    "a key of 64 MiB": ("signing key", lambda: b"A" * (64 * MIB)),
    "an index of 64 MiB that nobody signed": ("envelope", lambda: envelope_of(indexes.INDEX_TYPE.encode(), 64 * MIB)),
    "an index of ignored lists": ("envelope", lambda: indexes.ENVELOPE[:-1] + b',"x":' + lists(64 * MIB) + b"}"),
    "a signed index of 16 MiB": (
        "raw index",
        lambda: signed(indexes.PLAIN[:-1] + b',"x":[' + b'"",' * (4 * MIB) + b'""]}'),
    ),
    "an archive of zeros": ("archive", lambda: packed(bytes(64 * MIB))),
    "a member of zeros": (
        "archive",
        lambda: packed(archives.TAR[:512] + bytes(64 * MIB)),
    ),
    "members without end": ("archive", lambda: packed(archives.TAR[:1024] * 20_000)),
    "a manifest of lines": ("manifest", lambda: b"a:\n" * (32 * MIB // 3)),
    "as many lines as a manifest may have": ("manifest", lambda: b"- 0\n" * manifest_yaml.MAX_LINES),
    "a manifest that is one line": ("manifest", lambda: b"a: " + lists(2 * MIB) + b"\n"),
    "a manifest of depth": ("manifest", lambda: b"- " * (16 * MIB) + b"\n"),
    "YAML of lists": ("foreign manifest", lambda: b"a: " + lists(MIB // 2)),
    "YAML of lists in lists": ("foreign manifest", lambda: b"a: [" + b"[[]]," * (MIB // 12) + b"[]]"),
    "YAML of mappings": ("foreign manifest", lambda: b"".join(b"k%d: {}\n" % n for n in range(100_000))),
    "as many values in JSON as may be": ("foreign manifest", lambda: b'{"a": ' + lists(7 * MIB) + b"}"),
    "JSON of 64 MiB of lists": ("foreign manifest", lambda: b'{"a": ' + lists(63 * MIB) + b"}"),
    "YAML of aliases": ("foreign manifest", lambda: configuration.alias_bomb(10, 9).encode()),
    "YAML that is deep": ("foreign manifest", lambda: b"[" * 200_000),
    "YAML in gzip without end": ("foreign archive", lambda: packed(b"#" * (80 * MIB))),
    "an archive of members": (
        "foreign archive",
        lambda: packed(tar(member("a.yaml", b" "))[:1024] * 20_000 + bytes(1024)),
    ),
    "an archive of one member": ("foreign archive", lambda: packed(tar(member("a.bin", bytes(64 * MIB))))),
    "a payload of zeros": ("payload", lambda: foreign.sealed(packed(bytes(64 * MIB)))),
    "a payload of lists": ("payload", lambda: foreign.sealed(packed(b'["a",' + lists(7 * MIB) + b"]\n"))),
    "a request of 64 MiB": ("request", lambda: records.KINDS["request"].good() + b" " * (64 * MIB)),
    "an outcome as large as may be": ("outcome", lambda: envelope_of(b"", 8 * MIB - 100)),
    "an outcome of 64 MiB": ("outcome", lambda: records.KINDS["outcome"].good() + b" " * (64 * MIB)),
    "an epoch of 64 MiB": ("epoch", lambda: records.KINDS["epoch"].good() + b" " * (64 * MIB)),
    "a mark of 64 MiB": ("mark", lambda: records.KINDS["mark"].good() + b" " * (64 * MIB)),
    "versions of 64 MiB": ("versions", lambda: records.KINDS["versions"].good() + b" " * (64 * MIB)),
    "a heartbeat's name of 1 KiB, the longest that a bucket has": ("heartbeat", lambda: records.GOOD_BEAT * 5),
    "a report of 32 MiB that nobody signed": ("report", lambda: envelope_of(b"", 32 * MIB)),
    "a sealed value of 32 MiB": ("sealed value", lambda: b"A" * (32 * MIB)),
    "a kubeconfig of lists": ("kubeconfig", lambda: lists(4 * MIB - 9)),
    "a kubeconfig of aliases": ("kubeconfig", lambda: configuration.alias_bomb(10, 9).encode()),
    "a kubeconfig that is deep": ("kubeconfig", lambda: b"[" * 200_000),
    "a kubeconfig of 64 MiB": ("kubeconfig", lambda: kubeconfigs.GOOD.encode() + b"#" * (64 * MIB)),
}


def measured(name: str) -> tuple[float, str]:
    """What reading the bomb took at its peak, in MiB, and how it ended: in a child process, which goes with it."""
    reader, build = BOMBS[name]
    data = build()
    with tempfile.TemporaryDirectory() as folder:
        read = READERS[reader](data, Path(folder))
        del data
        receiving, sending = os.pipe()
        child = os.fork()
        if child == 0:
            _go_off(read, sending)
        os.close(sending)
        with os.fdopen(receiving, "rb") as answer:
            told = answer.read()
        _, status = os.waitpid(child, 0)
    if not told:
        return float("inf"), f"killed, status {status}"
    took, ended = json.loads(told)
    return took / 1024, ended


def _go_off(read: readers.Read, sending: int) -> None:
    ended = "a crash"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        resource.setrlimit(resource.RLIMIT_AS, (GUARD_MIB * MIB, GUARD_MIB * MIB))
        read()
        ended = "read"
    except (StandbyError, RefusedError):
        ended = "refused"
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
        ended = type(error).__name__
    finally:
        took = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(sending, json.dumps([took, ended]).encode())
        os._exit(0)


if __name__ == "__main__":
    readers.FOREIGN_LIMITS, readers.PAYLOAD_LIMITS = readers.PRODUCT_LIMITS
    for each in sys.argv[1:] or BOMBS:
        sys.stdout.write(json.dumps([each, *measured(each)]) + "\n")
