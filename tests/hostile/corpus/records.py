"""Records of every kind, and heartbeats: malformed, forged, moved, and signed without sense.

Whatever does not count is one `UntrustedRecordError`; a heartbeat that does not count proves nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from kubestandby import codec
from kubestandby.applied_marks import AppliedMark
from kubestandby.control_records import Place, RecordKind, Statement
from kubestandby.errors import UntrustedRecordError
from kubestandby.heartbeats import HEARTBEAT_TYPE, Heartbeat
from kubestandby.keys import dsse
from kubestandby.keys.ports import Signer
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action, applied_key, epoch_key, outcome_key, report_key, request_key, served_key
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.served_versions import ServedVersions
from kubestandby.snapshots import GroupName, SiteName, SnapshotId
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import EAST, WEST, asked_epoch, key_bundle
from tests.hostile.corpus.case import CANARY, Hostile, RefusedError, Row, cases, flipped, js, nested, said_twice
from tests.hostile.corpus.signed import STRANGERS

U = UntrustedRecordError
SHOP, NOW, FIRST = GroupName("shop"), FakeClock().now(), SnapshotId(1, 1)
NAME = "20261122T115900.000000Z-restore-0123abcd"
TIME = "20261122T115900.000000Z"
REQUEST = Request(
    group=SHOP, name=NAME, action=Action.RESTORE, origin="operator", requested_at=NOW - timedelta(minutes=1)
)
OUTCOME = Outcome(
    group=SHOP, request=NAME, verdict=Verdict.DONE, message=CANARY, finished_at=NOW, details={"a": CANARY}
)
EPOCH = asked_epoch(SHOP, 2, WEST, now=NOW)
MARK = AppliedMark(group=SHOP, snapshot=FIRST, mode="hot", applied_at=NOW, report="reports/x", succeeded=True)
REPORT = RestoreReport(
    group=SHOP, snapshot=FIRST, purpose=Purpose.SYNC, mode="hot", site=WEST, target_cluster="uid-west",
    requested_at=NOW, started_at=NOW, finished_at=NOW, results=(),
)  # fmt: skip
SERVED = ServedVersions(group=SHOP, site=EAST, kinds={"Deployment.apps": ("v1",)})
BEAT = Heartbeat(group=SHOP, snapshot=FIRST, site=EAST, seen_at=NOW, index_sha256="0" * 64)


@dataclass(frozen=True)
class Kind:
    """One kind of record: where a right one lies, who signs it, and what it says."""

    kind: RecordKind
    place: Place
    role: KeyRole
    site: SiteName
    record: Any

    @property
    def plain(self) -> dict[str, Any]:
        """The payload that is signed."""
        made = Statement(
            group=self.place.group,
            site=self.place.site,
            key=self.place.key,
            made_at=NOW,
            record=codec.Raw(codec.encode(self.record)),
        )
        return dict(json.loads(codec.encode(made)))

    def signed(self, payload: bytes, role: KeyRole | None = None, site: SiteName | None = None) -> bytes:
        signer = key_bundle().signer(role or self.role, self.site if site is None else site)
        return dsse.sign(payload, self.kind.payload_type, [signer])

    def good(self) -> bytes:
        return self.signed(js(self.plain))

    def stating(self, **changes: Any) -> bytes:
        return self.signed(js({**self.plain, **changes}))

    def saying(self, **changes: Any) -> bytes:
        return self.stating(record={**self.plain["record"], **changes})


KINDS = {
    "request": Kind(
        RecordKind.REQUEST,
        Place(group=SHOP, site=WEST, key=request_key(SHOP, NAME)),
        KeyRole.OPERATOR,
        SiteName(""),
        REQUEST,
    ),
    "outcome": Kind(
        RecordKind.OUTCOME,
        Place(group=SHOP, site=WEST, key=outcome_key(SHOP, NAME)),
        KeyRole.RESTORE,
        WEST,
        OUTCOME,
    ),
    "epoch": Kind(RecordKind.EPOCH, Place(group=SHOP, key=epoch_key(SHOP, 2)), KeyRole.RESTORE, WEST, EPOCH),
    "mark": Kind(
        RecordKind.MARK,
        Place(group=SHOP, site=WEST, key=applied_key(SHOP, FIRST, "hot")),
        KeyRole.RESTORE,
        WEST,
        MARK,
    ),
    "report": Kind(
        RecordKind.REPORT,
        Place(group=SHOP, site=WEST, key=report_key(SHOP, FIRST, TIME, "sync")),
        KeyRole.RESTORE,
        WEST,
        REPORT,
    ),
    "versions": Kind(
        RecordKind.SERVED,
        Place(group=SHOP, site=WEST, key=served_key(SHOP, TIME)),
        KeyRole.EXPORT,
        EAST,
        SERVED,
    ),
}


def of_any_kind(name: str) -> dict[str, Row]:
    """What can be wrong with every record."""
    kind = KINDS[name]
    good, key = kind.good(), kind.place.key
    envelope = json.loads(good)
    other = RecordKind.MARK if name != "mark" else RecordKind.REPORT
    by_stranger = dsse.sign(js(kind.plain), kind.kind.payload_type, [STRANGERS.signer(kind.role, kind.site)])
    of_other_kind = dsse.sign(js(kind.plain), other.payload_type, [key_bundle().signer(kind.role, kind.site)])
    return {
        "nothing": (b"", U, f"{name} {key}|in our form"),
        "no JSON": (CANARY.encode(), U, f"{name} {key}|in our form"),
        "in clear": (codec.encode(kind.record), U, f"{name} {key}|missing required field"),
        "half of it": (good[: len(good) // 2], U, f"{name} {key}|in our form"),
        "200,000 deep": (nested(b"[", 9000, b"]") + key.encode(), U, "in our form"),
        "its payload twice": (said_twice(good, "payload"), U, f"{name} {key}|says a key twice"),
        "stripped of its signature": (js({**envelope, "signatures": []}), U, f"{name} {key}|is not signed"),
        "a flipped bit": (flipped(good, good.index(b"eyJ") + 30), U, f"{name} {key}|was changed after it was signed"),
        "a stranger's": (by_stranger, U, f"{name} {key}|not signed by a key that the trust file has for it"),
        "of another kind": (of_other_kind, U, f"{name} {key}|holds something else"),
        "signed by sanitize": (kind.signed(js(kind.plain), KeyRole.SANITIZE, EAST), U, f"{name} {key}|"),
        "signed, and nothing": (kind.signed(b"{}"), U, f"{name} {key}|missing required field"),
        "signed, and a list": (kind.signed(js([kind.plain])), U, f"{name} {key}|Expected `object`, got `array`"),
        "no moment": (kind.stating(made_at=CANARY), U, f"{name} {key}|$.made_at"),
        "a moment without a zone": (kind.stating(made_at="2026-11-22T12:00:00"), U, "made_at|offset from UTC"),
        "a moment at the end of times": (kind.stating(made_at="9999-12-31T23:59:59Z"), U, "made_at|2500"),
        "another group's": (kind.stating(group="bank"), U, "of group bank|was copied to where it is now"),
        "another bucket's": (kind.stating(site="north"), U, "at north|was copied to where it is now"),
        "another place's": (kind.stating(key="requests/shop/x.json"), U, "was copied to where it is now"),
        "a record that is null": (kind.stating(record=None), U, f"{name} {key}|in our form"),
        "a record that is a text": (kind.stating(record=CANARY), U, f"{name} {key}|in our form"),
        "a record that says another group": (kind.saying(group="bank"), U, f"{name} {key}|"),
        "a record without its fields": (kind.stating(record={"group": "shop"}), U, "missing required field"),
    }


R, O, E, V = (KINDS[name] for name in ("request", "outcome", "epoch", "versions"))  # noqa: E741
REQUESTS: dict[str, Row] = {
    "larger than any": (R.good() + b" " * (128 << 10), U, "request requests/shop/|larger than any of ours"),
    "of another name": (R.saying(name=NAME.replace("0123", "4567")), U, "that of another request"),
    "of another action": (R.saying(action="plan"), U, "that of another request"),
    "an action that is none": (R.saying(action=CANARY), U, "Invalid enum value"),
    "a snapshot that is a text": (R.saying(snapshot="1-1"), U, "$.snapshot"),
    "a snapshot of 5000 digits": (
        R.signed(
            js(R.plain).replace(b'"snapshot": null', b'"snapshot": {"epoch": 1, "generation": ' + b"9" * 5000 + b"}")
        ),
        U,
        "out of range",
    ),
    "asked before all times": (R.saying(requested_at="0001-01-01T00:00:00+14:00"), U, "requested_at|1970"),
    "asked without a zone": (R.saying(requested_at="2026-11-22T12:00:00"), U, "requested_at|offset from UTC"),
    "a restore asked for by export": (
        R.signed(js(R.plain), KeyRole.EXPORT, WEST),
        U,
        "may not ask for restore|operator",
    ),
    "a restore asked for by restore": (R.signed(js(R.plain), KeyRole.RESTORE, WEST), U, "may not ask for restore"),
    "a restore asked for by the other site": (R.signed(js(R.plain), KeyRole.RESTORE, EAST), U, "may not ask for"),
    "continuing what is not there": (R.saying(continues=NAME.replace("0123", "4567")), U, "does not count"),
    "continuing a path": (R.saying(continues="../../../x"), U, "does not count"),
}
OUTCOMES: dict[str, Row] = {
    "larger than any": (O.good() + b" " * (8 << 20), U, "outcome outcomes/shop/|larger than any of ours"),
    "of another request": (O.saying(request=NAME.replace("0123", "4567")), U, "that of another request"),
    "a verdict that is none": (O.saying(verdict=CANARY), U, "Invalid enum value"),
    "done, says export": (O.signed(js(O.plain), KeyRole.EXPORT, WEST), U, "the export key of west|may not say so"),
    "done, says the other site": (O.signed(js(O.plain), KeyRole.RESTORE, EAST), U, "the restore key of east|may not"),
}
EPOCHS: dict[str, Row] = {
    "larger than any": (E.good() + b" " * (512 << 10), U, "epoch epochs/shop/2.json|larger than any of ours"),
    "of another number": (E.saying(number=3), U, "that of another role change"),
    "of a site that is none": (E.saying(primary=CANARY[:6]), U, "which the group does not have"),
    "of the other site": (
        E.saying(primary="east"),
        U,
        "names east as primary, and is signed by the restore key of west",
    ),
    "signed by the operator": (
        E.signed(js(E.plain), KeyRole.OPERATOR, SiteName("")),
        U,
        "epoch epochs/shop/2.json|not signed",
    ),
    "asked for by nobody": (E.saying(asked=""), U, "the request that|in our form"),
    "asked for after another epoch": (E.saying(previous="0" * 64), U, "does not follow the epoch after which"),
    "asked for by another request": (E.saying(request=NAME), U, "the request that"),
    "beginning before all times": (E.saying(since="0001-01-01T00:00:00+14:00"), U, "since|1970"),
    "asked for at the other site": (
        E.saying(asked=json.loads(codec.encode(asked_epoch(SHOP, 2, EAST, now=NOW)))["asked"]),
        U,
        "the request that",
    ),
}
VERSIONS: dict[str, Row] = {
    "larger than any": (V.good() + b" " * (1 << 20), U, "versions served/shop/|larger than any of ours"),
    "told by restore": (V.signed(js(V.plain), KeyRole.RESTORE, EAST), U, "not signed by a key"),
    "told by whom it is told to": (V.signed(js(V.plain), KeyRole.EXPORT, WEST), U, "not what east has told of itself"),
    "told of another site": (V.saying(site="west"), U, "not what east has told of itself"),
    "versions that are one text": (V.saying(kinds={"Deployment.apps": "v1"}), U, "Expected `array`, got `str`"),
    "versions that are numbers": (V.saying(kinds={"Deployment.apps": [1]}), U, "Expected `str`, got `int`"),
}


def beat(
    role: KeyRole = KeyRole.EXPORT,
    site: SiteName = EAST,
    payload_type: str = HEARTBEAT_TYPE,
    signer: Signer | None = None,
    **changes: Any,
) -> bytes:
    """The name of a heartbeat, which is all that is read of one."""
    said = replace(BEAT, **changes)
    envelope = dsse.sign(codec.encode(said), payload_type, [signer or key_bundle().signer(role, site)])
    return f"{said.seen_at:%Y%m%dT%H%M%S.%fZ}-{dsse.first_signature(envelope).hex()}.json".encode()


GOOD_BEAT = beat()
_MOMENT, _SIGNATURE = GOOD_BEAT.removesuffix(b".json").split(b"-")
N = RefusedError
HEARTBEATS: dict[str, Row] = {
    "nothing": (b"", N, "proves nothing"),
    "a moment alone": (_MOMENT + b".json", N, "proves nothing"),
    "without a signature": (_MOMENT + b"-.json", N, "proves nothing"),
    "half of it": (GOOD_BEAT[:100], N, "proves nothing"),
    "half a byte less": (_MOMENT + b"-" + _SIGNATURE[:-1] + b".json", N, "proves nothing"),
    "a flipped bit": (flipped(GOOD_BEAT, len(_MOMENT) + 9), N, "proves nothing"),
    "capital letters": (GOOD_BEAT.upper(), N, "proves nothing"),
    "larger than any": (_MOMENT + b"-" + _SIGNATURE + b"00" * (64 << 10) + b".json", N, "proves nothing"),
    "no text": (_MOMENT + b"-\xff\xfe" + _SIGNATURE + b".json", N, "proves nothing"),
    "of the thirteenth month": (b"20261322T120000.000000Z-" + _SIGNATURE + b".json", N, "proves nothing"),
    "of another moment": (b"20261122T235959.000000Z-" + _SIGNATURE + b".json", N, "proves nothing"),
    "a stranger's": (beat(signer=STRANGERS.signer(KeyRole.EXPORT, EAST)), N, "proves nothing"),
    "signed by sanitize": (beat(KeyRole.SANITIZE), N, "proves nothing"),
    "signed by the standby": (beat(site=WEST), N, "proves nothing"),
    "of another kind": (beat(payload_type="text/plain"), N, "proves nothing"),
    "of another index": (beat(index_sha256="1" * 64), N, "proves nothing"),
    "of another snapshot": (beat(snapshot=SnapshotId(1, 2)), N, "proves nothing"),
    "of another group": (beat(group=GroupName("bank")), N, "proves nothing"),
    "seen after the key expired": (beat(seen_at=NOW.replace(year=2099)), N, "proves nothing"),
}
INPUTS: list[Hostile] = [
    *cases("request", {**of_any_kind("request"), **REQUESTS}),
    *cases("outcome", {**of_any_kind("outcome"), **OUTCOMES}),
    *cases("epoch", {**of_any_kind("epoch"), **EPOCHS}),
    *cases("mark", of_any_kind("mark")),
    *cases("report", of_any_kind("report")),
    *cases("versions", {**of_any_kind("versions"), **VERSIONS}),
    *cases("heartbeat", HEARTBEATS),
]
