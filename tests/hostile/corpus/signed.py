"""Envelopes, the trust file and the indexes in them: malformed, forged, and well signed with a content of no sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kubestandby import codec
from kubestandby.errors import FormatError, IntegrityError
from kubestandby.keys import dsse
from kubestandby.keys.making import make_keys
from kubestandby.keys.trust import TRUST_PAYLOAD_TYPE, KeyRole
from kubestandby.snapshot_store import INDEX_TYPE
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage
from tests.fakes.keys import EAST, WEST, key_bundle, sealer, signed
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases, flipped, js, nested, said_twice, without
from tests.unit.stored_form.samples import built, config_map, index_of

F, I = FormatError, IntegrityError  # noqa: E741
KEYS = key_bundle()
MADE = datetime(2026, 1, 1, tzinfo=UTC)
STRANGERS = make_keys((EAST, WEST), MADE, timedelta(days=9999))


def good_index(stage: Stage = Stage.RAW, **changes: Any) -> SnapshotIndex:
    """The index of a small snapshot 1-1, as export or sanitize of the site east makes it."""
    with built(config_map("a", key=CANARY), config_map("b", key="2")) as archive:
        sealing = sealer().close(SnapshotId(1, 1))
        return index_of(archive, stage=stage, sealing=sealing, taken_at=MADE + timedelta(days=1), **changes)


INDEX = good_index()
ENVELOPE = signed(codec.encode(INDEX))
FIELDS: dict[str, Any] = json.loads(ENVELOPE)
SIGNATURE: dict[str, Any] = FIELDS["signatures"][0]


def envelope(**changes: Any) -> bytes:
    return js({**FIELDS, **changes})


def signature(**changes: Any) -> bytes:
    return envelope(signatures=[{**SIGNATURE, **changes}])


def by(role: KeyRole, site: Any = EAST, payload_type: str = INDEX_TYPE, keys: Any = KEYS) -> bytes:
    return dsse.sign(codec.encode(INDEX), payload_type, [keys.signer(role, site)])


def under_a_trusted_name() -> bytes:
    forged = json.loads(by(KeyRole.EXPORT, keys=STRANGERS))
    return js({**forged, "signatures": [{**forged["signatures"][0], "keyid": SIGNATURE["keyid"]}]})


ENVELOPES: dict[str, Row] = {
    "nothing": (b"", F, "index|in our form|truncated"),
    "no JSON": (CANARY.encode(), F, "index|in our form|malformed"),
    "half of it": (ENVELOPE[: len(ENVELOPE) // 2], F, "index|in our form|truncated"),
    "one byte less": (ENVELOPE[:-1], F, "index|in our form|truncated"),
    "one byte more": (ENVELOPE + b"}", F, "index|in our form|trailing"),
    "two envelopes": (ENVELOPE * 2, F, "index|in our form|trailing"),
    "a list": (js([FIELDS]), F, "index|Expected `object`, got `array`"),
    "a text": (js(CANARY), F, "index|Expected `object`, got `str`"),
    "null": (b"null", F, "index|Expected `object`, got `null`"),
    "no UTF-8": (b'{"payload": "\xff"}', F, "index|in our form"),
    "a lone surrogate": (b'{"payload": "\\ud800", "payloadType": "x", "signatures": []}', F, "index|in our form"),
    "nested 200,000 deep": (nested(b"[", 200_000, b"]"), F, "index|in our form"),
    "an ignored field nested 200,000 deep": (
        ENVELOPE[:-1] + b',"x":' + nested(b"[", 200_000, b"]") + b"}",
        F,
        "index|nested too deeply",
    ),
    "an ignored field that is no UTF-8": (ENVELOPE[:-1] + b',"x":"\xff"}', F, "index|not JSON in UTF-8"),
    "no payload": (js(without(FIELDS, "payload")), F, "index|missing required field `payload`"),
    "no payload type": (js(without(FIELDS, "payloadType")), F, "index|missing required field `payloadType`"),
    "no signatures": (js(without(FIELDS, "signatures")), F, "index|missing required field `signatures`"),
    "a payload that is an object": (envelope(payload={"group": CANARY}), F, "index|$.payload"),
    "a payload that is no Base64": (envelope(payload=f"%{CANARY}%"), F, "index|base64|$.payload"),
    "a payload in Base64 of URLs": (envelope(payload="-_-_"), F, "index|base64|$.payload"),
    "signatures that are an object": (envelope(signatures=SIGNATURE), F, "index|$.signatures"),
    "a signature that is a text": (envelope(signatures=[CANARY]), F, "index|$.signatures[0]"),
    "a signature that is null": (envelope(signatures=[None]), F, "index|$.signatures[0]"),
    "a signature without its bytes": (envelope(signatures=[{"keyid": "a"}]), F, "index|missing required field `sig`"),
    "a signature that is no Base64": (signature(sig="%%%"), F, "index|base64|$.signatures[0].sig"),
    "a key id that is a number": (signature(keyid=7), F, "index|$.signatures[0].keyid"),
    "a key id of 300 characters": (signature(keyid="k" * 300), F, "index|a key id that is too long"),
    "a signature of 8 KiB": (signature(sig="A" * 8192), F, "index|a signature or a key id that is too long"),
    "nine signatures": (envelope(signatures=[SIGNATURE] * 9), F, "index|9 signatures|at most 8"),
    "the payload twice": (said_twice(ENVELOPE, "payload"), F, "index|says a key twice"),
    "the signatures twice": (said_twice(ENVELOPE, "signatures"), F, "index|says a key twice"),
    "the type of another payload": (envelope(payloadType=TRUST_PAYLOAD_TYPE), F, "index|holds something else|payload"),
    "an empty type": (envelope(payloadType=""), F, "index|holds something else|payload type"),
    "signed as another type": (by(KeyRole.EXPORT, payload_type="text/plain"), F, "index|holds something else"),
    "stripped of its signature": (envelope(signatures=[]), I, "index|is not signed; only signed ones are used"),
    "an empty signature": (signature(sig=""), I, "index|the signature does not fit"),
    "a signature with a flipped bit": (
        signature(sig=("B" if SIGNATURE["sig"][0] == "A" else "A") + SIGNATURE["sig"][1:]),
        I,
        "index|does not fit",
    ),
    "a payload with a flipped bit": (flipped(ENVELOPE, ENVELOPE.index(b"eyJ") + 40), I, "index|was changed"),
    "an empty payload": (envelope(payload=""), I, "index|was changed after it was signed"),
    "another payload": (envelope(payload="e30="), I, "index|was changed after it was signed"),
    "a stranger's signature": (by(KeyRole.EXPORT, keys=STRANGERS), I, "index|not signed by a key that the trust"),
    "a stranger's signature under a trusted name": (under_a_trusted_name(), I, "index|the signature does not fit"),
    "signed by the operator": (by(KeyRole.OPERATOR, ""), I, "index|not signed by a key that the trust file has for it"),
    "signed by the root": (
        dsse.sign(codec.encode(INDEX), INDEX_TYPE, [KEYS.root]),
        I,
        "index|not signed by a key that the trust file has for it",
    ),
    "signed by sanitize": (by(KeyRole.SANITIZE), I, "index|not signed by a key that the trust file has for it"),
    "signed by restore": (by(KeyRole.RESTORE), I, "index|not signed by a key that the trust file has for it"),
    "signed by the other site": (by(KeyRole.EXPORT, WEST), I, "index|speaks for east|the export key of west"),
}


def index(**changes: Any) -> bytes:
    """Well signed by whoever has stolen the key of export."""
    return signed(js({**json.loads(codec.encode(INDEX)), **changes}))


def entries(change: Callable[[list[dict[str, Any]]], Any]) -> bytes:
    listed = json.loads(codec.encode(INDEX))["entries"]
    return index(entries=change(listed) or listed)


def entry(**changes: Any) -> bytes:
    return entries(lambda listed: listed[0].update(changes))


def named(**changes: Any) -> bytes:
    return entries(lambda listed: listed[0]["ref"].update(changes))


PLAIN = codec.encode(INDEX)
RAW_INDEXES: dict[str, Row] = {
    "signed, and nothing": (signed(b""), F, "index|not a SnapshotIndex in our form|truncated"),
    "signed, and no JSON": (signed(CANARY.encode()), F, "index|not a SnapshotIndex in our form|malformed"),
    "signed, and half of it": (signed(PLAIN[: len(PLAIN) // 2]), F, "index|not a SnapshotIndex"),
    "signed, and a list": (signed(b"[]"), F, "index|Expected `object`, got `array`"),
    "signed, and empty": (signed(b"{}"), F, "index|missing required field"),
    "signed, and 200,000 deep": (signed(nested(b"[", 200_000, b"]")), F, "index|in our form"),
    "signed, and a key twice": (signed(said_twice(PLAIN, "group")), F, "index|says a key twice"),
    "signed, and a key twice far down": (
        signed(PLAIN.replace(b'"sealed":false', b'"sealed":false,"sealed":true', 1)),
        F,
        "index|says a key twice",
    ),
    "a later form": (index(format_version=2), F, "index|format version 2; upgrade kubestandby"),
    "a form that is a text": (index(format_version="1"), F, "index|$.format_version"),
    "another group's": (index(group="bank"), I, "index|another snapshot: bank 1-1"),
    "another number's": (index(id={"epoch": 1, "generation": 2}), I, "index|another snapshot: shop 1-2"),
    "another stage's": (index(stage="sanitized"), I, "index|another snapshot: shop 1-1 (sanitized)"),
    "a stage that is none": (index(stage=CANARY), F, "index|Invalid enum value"),
    "a number that is a text": (index(id="1-1"), F, "index|$.id"),
    "a number below zero": (index(id={"epoch": -1, "generation": 1}), I, "index|another snapshot: shop -1-1"),
    "a number of 5000 digits": (
        signed(PLAIN.replace(b'"generation":1', b'"generation":' + b"9" * 5000, 1)),
        F,
        "index|out of range|$.id.generation",
    ),
    "a time that is none": (index(taken_at=CANARY), F, "index|$.taken_at"),
    "a time without a zone": (index(taken_at="2026-11-22T12:00:00"), F, "index|taken_at|offset from UTC"),
    "a time before all times": (index(taken_at="0001-01-01T00:00:00+14:00"), F, "index|taken_at|1970"),
    "a deadline at the end of times": (index(fresh_until="9999-12-31T23:59:59Z"), F, "index|fresh_until|2500"),
    "made after the key expired": (index(taken_at="2100-01-01T00:00:00Z"), I, "index|expired|keys rotate export"),
    "another site's": (index(source_site="west"), I, "index|speaks for west and is signed by the export key of east"),
    "entries that are an object": (index(entries={}), F, "index|$.entries"),
    "no entries": (index(entries=[]), I, "digest over its entries"),
    "an entry less": (entries(lambda listed: listed.pop() and None), I, "digest over its entries"),
    "entries in another order": (
        entries(lambda listed: listed.reverse()),
        I,
        "lists shop/configmaps.core/a.yaml|order",
    ),
    "an entry twice": (entries(lambda listed: listed.insert(0, listed[0])), I, "shop/configmaps.core/a.yaml twice"),
    "a path that leads out": (
        entry(path="../../etc/passwd"),
        I,
        "path that is not that of its object ConfigMap shop/a",
    ),
    "an absolute path": (entry(path="/etc/passwd"), I, "path that is not that of its object ConfigMap shop/a"),
    "a path with NUL": (entry(path="shop/configmaps.core/a\x00.yaml"), I, "path that is not that of its object"),
    "another object's path": (entry(path="shop/configmaps.core/c.yaml"), I, "path that is not that of its object"),
    "an empty path": (entry(path=""), I, "path that is not that of its object ConfigMap shop/a"),
    "a path that is a number": (entry(path=7), F, "index|$.entries[0].path"),
    "a size below zero": (entry(size=-1), I, "-1 bytes for ConfigMap shop/a; the limit is"),
    "a size of 1 TiB": (entry(size=1 << 40), I, "1099511627776 bytes for ConfigMap shop/a; the limit is"),
    "a size that is a fraction": (entry(size=0.5), F, "index|$.entries[0].size"),
    "an object without a name": (named(name=""), I, "path that is not that of its object"),
    "an object whose name leads out": (named(name="../a"), I, "path that is not that of its object"),
    "a Secret in clear": (
        named(gvk={"group": "", "version": "v1", "kind": "Secret"}),
        I,
        "Secret shop/a is in clear",
    ),
    "a ConfigMap that is said to be sealed": (entry(sealed=True), I, "ConfigMap shop/a is said to be sealed"),
    "another digest of the entries": (index(content_sha256="0" * 64), I, "digest over its entries"),
    "an archive of 1 TiB": (index(archive_size=1 << 40), I, "declares an archive of 1099511627776 bytes; the limit"),
    "an archive below nothing": (index(archive_size=-1), I, "declares an archive of -1 bytes; the limit"),
    "a sealing that is a text": (index(sealing=CANARY), F, "index|$.sealing"),
    "a sealing whose key is no Base64": (index(sealing={"key": "%"}), F, "index|$.sealing"),
    "images that are a text": (index(images=CANARY), F, "index|$.images"),
    "renamed namespaces that are a list": (index(renamed_namespaces=[CANARY]), F, "index|$.renamed_namespaces"),
}


def sanitized(role: KeyRole = KeyRole.SANITIZE, site: Any = EAST, **changes: Any) -> bytes:
    made = {**json.loads(codec.encode(replace(INDEX, stage=Stage.SANITIZED))), **changes}
    return dsse.sign(js(made), INDEX_TYPE, [KEYS.signer(role, site)])


SANITIZED_INDEXES: dict[str, Row] = {
    "the raw index in its place": (ENVELOPE, I, "index sanitized/|not signed by a key that the trust file has for it"),
    "signed by export": (sanitized(KeyRole.EXPORT), I, "index sanitized/|not signed by a key that the trust file has"),
    "signed by the standby's sanitize": (sanitized(site=WEST), I, "speaks for east|the sanitize key of west"),
    "the raw index, signed anew": (sanitized(stage="raw"), I, "another snapshot: shop 1-1 (raw)"),
    "another group's sanitized one": (sanitized(group="bank"), I, "index sanitized/|another snapshot: bank"),
    "of a source that is a number": (sanitized(source_sha256=7), F, "index sanitized/|$.source_sha256"),
    "transforms that are a mapping": (sanitized(transforms={}), F, "index sanitized/|$.transforms"),
    "made a century later": (sanitized(taken_at="2126-01-01T00:00:00Z"), I, "expired|keys rotate sanitize"),
    "sanitized, and truncated": (sanitized()[:-9], F, "index sanitized/|in our form"),
    "sanitized, and not signed": (
        js({**json.loads(sanitized()), "signatures": []}),
        I,
        "index sanitized/|is not signed; only signed ones are used",
    ),
}
INPUTS: list[Hostile] = [
    *cases("envelope", ENVELOPES),
    *cases("raw index", RAW_INDEXES),
    *cases("sanitized index", SANITIZED_INDEXES),
]
