"""What somebody can do to the records in a control bucket: with the bucket only, or with one function's key too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kubestandby import codec, layout
from kubestandby.control_records import Place, RecordKind, sign_record
from kubestandby.keys import trust_file
from kubestandby.keys.dsse import SignedEnvelope
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import KeyBundle, make_keys
from kubestandby.keys.signers import new_signer
from kubestandby.keys.trust import SITE_ROLES, KeyRole, TrustedKey
from kubestandby.layout import Action
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.snapshots import SiteName
from tests.fakes.keys import EAST, WEST, after, key_bundle, keyring
from tests.unit.runtime.world import SHOP, World, snapshot

LONG = 400
"""Seconds after which a tick takes every event for lost."""

Change = Callable[[bytes], bytes]


def strangers(now: datetime) -> Keyring:
    """Somebody else's keys, of the same roles and sites."""
    keys = make_keys((EAST, WEST), now, timedelta(days=9999))
    return Keyring(keys.trust, keys, keyring().clock)


def flipped(data: bytes) -> bytes:
    """One bit of the payload: still base64, and another text."""
    envelope = codec.decode(data, SignedEnvelope, "the record")
    middle = len(envelope.payload) // 2
    payload = envelope.payload[:middle] + bytes([envelope.payload[middle] ^ 1]) + envelope.payload[middle + 1 :]
    return codec.encode(replace(envelope, payload=payload))


def stripped(data: bytes) -> bytes:
    return json.dumps({**json.loads(data), "signatures": []}).encode()


def unwrapped(data: bytes) -> bytes:
    """The bare record, as it was before records were signed."""
    return codec.canonical_json(json.loads(codec.decode(data, SignedEnvelope, "the record").payload)["record"])


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


DAMAGES: dict[str, Change] = {
    "flipped": flipped,
    "stripped": stripped,
    "unwrapped": unwrapped,
    "cut": cut,
    "empty": lambda _: b"",
    "larger than any": lambda data: data + b" " * (9 << 20),
}
"""What can be done without any key."""


def request_at(world: World, site: str, action: Action, **fields: Any) -> Request:
    """A request as somebody writes it who has no key yet: named, and not stored."""
    now = world.clock.now()
    name = f"{now:%Y%m%dT%H%M%S.%fZ}-{action}-f00dcafe"
    fields = {"origin": "operator", "requested_at": now, **fields}
    return Request(group=SHOP, name=name, action=action, **fields)


def plant(world: World, site: str, request: Request, keys: Keyring, role: KeyRole, key_site: str = "") -> None:
    """Stores a request, signed by these keys in this role."""
    key = layout.request_key(SHOP, request.name)
    place = Place(group=SHOP, site=SiteName(site), key=key)
    data = sign_record(keys, RecordKind.REQUEST, place, request, role, SiteName(key_site or site))
    world.control(site).objects[key] = data


def outcome_text(world: World, site: str, name: str) -> Outcome:
    found = world.requests(site).outcome(SHOP, name)
    assert found is not None
    return found


def forged_outcome(world: World, site: str, request: Request, role: KeyRole, verdict: Verdict = Verdict.DONE) -> bytes:
    """An outcome that says this, signed in a role that is not that of the function."""
    outcome = Outcome(
        group=SHOP, request=request.name, verdict=verdict, message="all is well", finished_at=world.clock.now()
    )
    place = Place(group=SHOP, site=SiteName(site), key=layout.outcome_key(SHOP, request.name))
    return sign_record(keyring(world.clock), RecordKind.OUTCOME, place, outcome, role, SiteName(site))


def with_keys(world: World, bundle: KeyBundle) -> None:
    """Every process reads this trust file and these keys from now on."""
    world.context._open_keys = lambda _: Keyring(bundle.trust, bundle, world.clock)
    world.context._keyrings.clear()


def replaced(
    role: KeyRole, site: SiteName, now: datetime, *, revoke: bool, bundle: KeyBundle | None = None
) -> KeyBundle:
    """The keys after one was replaced, as `keys rotate` does it."""
    old = bundle or key_bundle()
    signer = new_signer()
    trust = trust_file.without_keys(old.trust, role, site) if revoke else old.trust
    key = TrustedKey(public=signer.public, role=role, site=site, expires_at=now + timedelta(days=365))
    trust = trust_file.with_key(trust, key, now if revoke else now + timedelta(days=30))
    trust = trust_file.next_version(trust, now, timedelta(days=365))
    return replace(old, trust=trust, signers={**old.signers, (role, site): signer})


def without_operator(bundle: KeyBundle) -> KeyBundle:
    """A machine of functions: no operator's key on it."""
    signers = {place: signer for place, signer in bundle.signers.items() if place[0] in SITE_ROLES}
    return replace(bundle, signers=signers)


def standby_with_two() -> World:
    """A standby that has 1-1, and holds 1-2 that it has restored too."""
    world = World()
    world.do("east", Action.EXPORT)
    world.set_price("east", "2")
    world.do("east", Action.EXPORT)
    return world


def primary(world: World) -> str:
    return world.context.roles(world.group).epoch.primary


def failover(world: World) -> Request:
    return request_at(world, "west", Action.FAILOVER, to=WEST, **after(world.context.roles(world.group)))


def go_back(world: World) -> Request:
    """A restore that only an operator may ask for: of a snapshot that is older than the one that runs."""
    return request_at(world, "west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")


def refusal(world: World, request: Request, site: str = "west") -> str:
    """Delivers what is there; the sentence with which the request was refused."""
    world.settle()
    outcome = outcome_text(world, site, request.name)
    assert outcome.verdict is Verdict.REFUSED
    return outcome.message
