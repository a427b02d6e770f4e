"""A vault that is down or slow just when export has to sign, or restore to unseal: said once, nothing half done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.adapters.key_opening import open_keyring
from kubestandby.adapters.oci import calling, endpoints
from kubestandby.events import ObjectCreated
from kubestandby.groups import Site
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.runtime.answers import Answer
from kubestandby.runtime.context import Context
from kubestandby.runtime.function_app import FunctionApp
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.faults import Fault
from tests.unit.oci.test_vault_keys import CREATING, REGIONS, Operator
from tests.unit.runtime.world import EAST, HANDLERS, WEST, World

SIGNING = {EAST: KeyRole.EXPORT, WEST: KeyRole.RESTORE}
"""At each site the key of this role is in its KMS; all others are secrets of its vault."""

KMS_EAST, UNSEAL_WEST = "/kms-crypto/us-ashburn-1/", "/secrets/us-phoenix-1/"
OUTAGES = {
    "answers 503": (Fault(status=503, code="ServiceUnavailable"), "it answered 503 ServiceUnavailable"),
    "breaks off": (Fault(lost=True, done=False), "the connection broke off"),
    "is too slow": (Fault(stalled=0), "timed out"),
}


class VaultWorld(World):
    """Two sites whose functions have the keys of their own vault, and an operator with those of a folder."""

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        sites = tuple(replace(site, vault=operator.site(site.name).vault) for site in self.group.sites)
        self.group = replace(self.group, sites=sites)
        self.context = self._with(lambda _: KeyFolder(operator.keys).keyring(self.clock))
        self.functions = {
            site.name: {
                name: FunctionApp(name, build, partial(self._with, self._from_vault, site.name))
                for name, build in HANDLERS.items()
            }
            for site in sites
        }
        self.refused: list[ObjectCreated] = []

    def _with(self, open_keys: Callable[[Site], Keyring], only_site: str = "") -> Context:
        return Context(
            (self.group,),
            clock=self.clock,
            open_store=self._open,
            connect=self._connect,
            open_keys=open_keys,
            only_site=only_site,
        )

    def _from_vault(self, site: Site) -> Keyring:
        return open_keyring(site, self.clock)

    def deliver(self, event: ObjectCreated) -> Answer:
        self.apps = self.functions[EAST if "//east/" in event.bucket else WEST]
        answer = super().deliver(event)
        if answer.status == 503:
            self.refused.append(event)
        return answer

    def deliver_again(self) -> None:
        """As the platform does with what was answered 503."""
        again, self.refused = self.refused, []
        for event in again:
            assert self.deliver(event).status == 200
        self.settle()

    def stored(self) -> set[str]:
        """All objects but the marks that a request has been begun."""
        return {key for store in self.stores.values() for key in store.objects if not key.startswith("begun/")}


@pytest.fixture
def world(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VaultWorld:
    """After a first snapshot, which both sites have."""
    operator = Operator(tmp_path)
    for site, role in SIGNING.items():
        key = server.vault.add_key(REGIONS[site])
        operator.use_kms(site, role, key, next(iter(key.versions)))
        assert operator.types("adopt", role, "--site", site).exit_code == 0
    for site in SIGNING:
        assert operator.types("publish", "--site", site, *CREATING).exit_code == 0
    monkeypatch.setattr(calling.Caller, "_wait", lambda *_: 1e6)  # longer than its patience: it is tried once
    monkeypatch.setattr(endpoints, "READ_SECONDS", 0.3)
    monkeypatch.setattr(endpoints, "_CLIENTS", {})
    made = VaultWorld(operator)
    assert made.do(EAST, Action.EXPORT).verdict is Verdict.DONE
    assert made.price(WEST) == "1"
    made.set_price(EAST, "2")
    return made


def break_down(server: OciServer, target: str, fault: Fault) -> None:
    server.fail(replace(fault, target=target, times=-1))


def recover(server: OciServer) -> None:
    server.faults.clear()


def causes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.cause for record in caplog.records if record.msg == "try_again"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("origin", ["operator", "timer"])
def test_export_that_cannot_sign_commits_nothing_and_comes_through_when_it_is_told_again(
    server: OciServer, world: VaultWorld, caplog: pytest.LogCaptureFixture, outage: str, origin: str
) -> None:
    fault, cause = OUTAGES[outage]
    request = world.ask(EAST, Action.EXPORT, origin=origin)
    before = world.stored()
    break_down(server, KMS_EAST, fault)

    with caplog.at_level(logging.WARNING):
        (answer,) = world.settle()

    assert (answer.status, "Retry-After" in answer.headers) == (503, True)
    key = world.group.site(EAST).vault.kms_key(KeyRole.EXPORT)  # type: ignore[union-attr]
    assert causes(caplog) == [f"KMS key {key.key} does not sign: {cause}; try again later"]  # type: ignore[union-attr]
    assert world.stored() == before
    assert world.price(WEST) == "1"

    recover(server)
    world.deliver_again()

    assert world.outcome(EAST, request).verdict is Verdict.DONE
    assert world.price(WEST) == "2"


@pytest.mark.parametrize("outage", OUTAGES)
def test_restore_that_cannot_unseal_has_failed_with_the_cause_and_the_next_one_succeeds(
    server: OciServer, world: VaultWorld, outage: str
) -> None:
    fault, cause = OUTAGES[outage]
    break_down(server, UNSEAL_WEST, fault)
    writes = list(world.clusters[WEST].writes)
    world.do(EAST, Action.EXPORT)

    failed = world.do(WEST, Action.RESTORE)

    assert failed.verdict is Verdict.FAILED
    vault = world.group.site(WEST).vault
    assert failed.message == (
        f"secret shop-unseal.age of vault {vault.vault} cannot be read: {cause}; try again later"  # type: ignore[union-attr]
    )
    assert world.clusters[WEST].writes == writes

    recover(server)

    assert world.do(WEST, Action.RESTORE).verdict is Verdict.DONE
    assert world.price(WEST) == "2"


def test_snapshot_that_arrives_meanwhile_is_taken_in_when_it_is_told_again(
    server: OciServer, world: VaultWorld
) -> None:
    break_down(server, UNSEAL_WEST, OUTAGES["answers 503"][0])
    world.do(EAST, Action.EXPORT)
    during = world.price(WEST)

    recover(server)
    world.deliver_again()

    assert (during, world.price(WEST)) == ("1", "2")


def test_failover_that_cannot_unseal_has_failed_with_the_roles_as_they_were_and_the_next_one_succeeds(
    server: OciServer, world: VaultWorld
) -> None:
    break_down(server, UNSEAL_WEST, OUTAGES["answers 503"][0])
    world.clusters[WEST].take_out("ConfigMap", "shop", "prices")

    failed = world.do(WEST, Action.FAILOVER, to=WEST)

    assert failed.verdict is Verdict.FAILED
    assert failed.message.endswith("cannot be read: it answered 503 ServiceUnavailable; try again later")
    assert world.context.roles(world.group).epoch.number == 1
    assert world.price(WEST) is None

    recover(server)

    assert world.do(WEST, Action.FAILOVER, to=WEST).verdict is Verdict.DONE
    roles = world.context.roles(world.group).epoch
    assert (roles.number, roles.primary) == (2, WEST)
    assert world.price(WEST) == "1"
