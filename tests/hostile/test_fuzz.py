"""Whatever becomes of good bytes, each reader gives a value or one of our errors: one line, with nothing secret in it.

A value may well come out: a changed comment, a name of which a letter has changed. That what is signed or sealed does
not pass is what the tests of signatures say; here even what a trusted key has signed may be anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings

from kubestandby.errors import StandbyError
from kubestandby.keys import dsse
from kubestandby.keys.trust import TRUST_PAYLOAD_TYPE
from kubestandby.manifest_yaml import emit
from tests.fakes.keys import key_bundle, signed
from tests.hostile.corpus import (
    archives,
    configuration,
    events,
    foreign,
    keys,
    kubeconfigs,
    records,
    webhooks,
)
from tests.hostile.corpus import (
    signed as indexes,
)
from tests.hostile.corpus.case import CANARY, RefusedError, js, packed
from tests.hostile.mutations import BINARY_TOKENS, HTTP_TOKENS, JSON_TOKENS, YAML_TOKENS, changed
from tests.hostile.readers import READERS
from tests.unit.importing.archives import manifest, member, tar
from tests.unit.webhooks.hooks import github

EXAMPLES = int(os.environ.get("KUBESTANDBY_TEST_EXAMPLES", "150"))
"""For each parser; a long look takes more."""


@dataclass(frozen=True)
class Target:
    """A parser: good inputs of it, what its inputs are made of, and how bytes come to be where it reads them."""

    reader: str
    seeds: Sequence[bytes]
    tokens: Sequence[bytes]
    wrapped: Callable[[bytes], bytes] = lambda data: data


def _by_root(payload: bytes) -> bytes:
    return dsse.sign(payload, TRUST_PAYLOAD_TYPE, [key_bundle().root])


def _from_github(body: bytes) -> bytes:
    return webhooks.sent("github", github(body, identity="g-1"))


TARGETS = {
    "event": Target("event", (events.structured(), events.binary(), events.oracle()), HTTP_TOKENS),
    "call": Target(
        "call", (events.message(js({"action": "export", "group": "shop"})), events.structured()), HTTP_TOKENS
    ),
    "webhook, signed body": Target(
        "webhook of github", (json.dumps(webhooks.PUSH).encode(),), JSON_TOKENS, _from_github
    ),
    "webhook of gitlab": Target("webhook of gitlab", (webhooks.sent("gitlab", webhooks.FROM_GITLAB),), HTTP_TOKENS),
    "webhook of argocd": Target("webhook of argocd", (webhooks.sent("argocd", webhooks.FROM_ARGOCD),), HTTP_TOKENS),
    "webhook of flux": Target("webhook of flux", (webhooks.sent("flux", webhooks.FROM_FLUX),), HTTP_TOKENS),
    "webhook of standard": Target("webhook of standard", (webhooks.sent("standard", webhooks.GOOD),), HTTP_TOKENS),
    "configuration": Target(
        "configuration", (configuration.GOOD.encode(), configuration.hook("{env: A}")), YAML_TOKENS
    ),
    "trust file": Target("trust file", (keys.FILE,), JSON_TOKENS),
    "trust file, signed": Target("trust file", (keys.PLAIN,), JSON_TOKENS, _by_root),
    "signing key": Target("signing key", (keys.PEM,), (b"\n", b"-----", b"A", b"=")),
    "envelope": Target("envelope", (indexes.ENVELOPE, indexes.by(indexes.KeyRole.EXPORT)), JSON_TOKENS),
    "index, signed": Target("raw index", (indexes.PLAIN,), JSON_TOKENS, signed),
    "archive": Target("archive", (archives.ARCHIVE,), BINARY_TOKENS),
    "archive, tar": Target("archive", (archives.TAR,), BINARY_TOKENS, packed),
    "manifest": Target(
        "manifest", (emit(archives.FIRST), emit({**archives.FIRST, "x": [1, {"b": [None, "c"]}]})), YAML_TOKENS
    ),
    "foreign YAML": Target(
        "foreign manifest", (foreign.SECRET.encode(), foreign.changed("till", "&a till") + b"type: *a\n"), YAML_TOKENS
    ),
    "foreign JSON": Target("foreign manifest", (js(foreign.OBJECT), js({"items": [foreign.OBJECT]})), JSON_TOKENS),
    "foreign archive": Target("foreign archive", (foreign.TAR, tar(member("x" * 120, manifest("b")))), BINARY_TOKENS),
    "foreign archive, packed": Target("foreign archive", (foreign.GZ,), BINARY_TOKENS),
    "payload": Target("payload", (foreign.GOOD,), (*JSON_TOKENS, *BINARY_TOKENS)),
    "payload, sealed": Target(
        "payload", (b'["a.yaml:1", {"a": 1}]\n',), JSON_TOKENS, lambda d: foreign.sealed(packed(d))
    ),
    **{name: Target(name, (kind.good(),), JSON_TOKENS) for name, kind in records.KINDS.items()},
    **{
        f"{name}, signed": Target(name, (js(kind.plain),), JSON_TOKENS, kind.signed)
        for name, kind in records.KINDS.items()
    },
    "heartbeat": Target("heartbeat", (records.GOOD_BEAT,), (b"-", b"Z", b"00", b"f", b".json")),
    "sealed value": Target("sealed value", (keys.SEALED,), (b"=", b"AAAA", b"\n", b"\xff")),
    "kubeconfig": Target("kubeconfig", (kubeconfigs.GOOD.encode(),), YAML_TOKENS),
}


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_changed_was_good(name: str, tmp_path: Path, secrets: None) -> None:
    target = TARGETS[name]

    for seed in target.seeds:
        READERS[target.reader](target.wrapped(seed), tmp_path)()


@pytest.mark.parametrize("name", TARGETS)
def test_any_input_is_a_value_or_one_of_our_errors(name: str, tmp_path: Path, secrets: None) -> None:
    target = TARGETS[name]

    @settings(settings.get_profile("ours"), max_examples=EXAMPLES)
    @given(changed(target.seeds, target.tokens))
    def any_input(data: bytes) -> None:
        read = READERS[target.reader](target.wrapped(data), tmp_path)
        try:
            read()
        except (StandbyError, RefusedError) as error:
            said = str(error)
            assert CANARY not in said
            assert "\n" not in said
            assert not said.startswith("500"), said

    any_input()
