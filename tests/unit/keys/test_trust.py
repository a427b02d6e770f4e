"""Who is trusted with what, until when; and how that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubestandby.errors import ConfigError, FormatError, IntegrityError, SnapshotError
from kubestandby.keys.keyring import Attested, Keyring
from kubestandby.keys.making import KeyBundle
from kubestandby.keys.signers import new_signer
from kubestandby.keys.trust import ANY_SITE, KeyRole, Trust, TrustedKey
from kubestandby.keys.trust_file import next_version, read_trust, with_key, without_keys, write_trust
from kubestandby.snapshots import SiteName
from tests.fakes.fake_clock import FakeClock
from tests.unit.keys.samples import DAY, EAST, NOON, SHOP, WEST, bundle, keyring

TYPE = "application/vnd.kubestandby.snapshot.v1+json"
KEYS = bundle()


def signed(keys: KeyBundle = KEYS, role: KeyRole = KeyRole.EXPORT, site: SiteName = EAST) -> bytes:
    return keyring(keys).sign(b"{}", TYPE, role, site)


def verified(data: bytes, trust: Trust = KEYS.trust, role: KeyRole = KeyRole.EXPORT) -> Attested:
    return Keyring(trust, KEYS, FakeClock(NOON)).verify(data, TYPE, role, "index 1-7")


def key_of(role: KeyRole = KeyRole.EXPORT, site: SiteName = EAST) -> TrustedKey:
    return next(key for key in KEYS.trust.keys if (key.role, key.site) == (role, site))


def test_what_a_role_signs_the_same_role_verifies() -> None:
    attested = verified(signed())
    assert attested.payload == b"{}"
    attested.check_said_by(EAST, NOON)


@pytest.mark.parametrize("role", [role for role in KeyRole if role not in (KeyRole.EXPORT, KeyRole.ROOT)])
def test_no_role_signs_for_another(role: KeyRole) -> None:
    site = ANY_SITE if role is KeyRole.OPERATOR else EAST
    with pytest.raises(IntegrityError, match="index 1-7 is not signed by a key that the trust file has for it"):
        verified(signed(role=role, site=site))


def test_no_site_speaks_for_another() -> None:
    with pytest.raises(IntegrityError, match="speaks for west and is signed by the export key of east"):
        verified(signed()).check_said_by(WEST, NOON)


def test_what_an_expired_key_says_to_have_made_is_refused() -> None:
    with pytest.raises(IntegrityError, match="was made after the export key of east expired"):
        verified(signed()).check_said_by(EAST, KEYS.trust.expires_at)


def test_what_was_signed_before_a_key_expired_stays_valid() -> None:
    verified(signed()).check_said_by(EAST, KEYS.trust.expires_at - timedelta(seconds=1))


def test_nothing_that_a_revoked_key_signed_counts() -> None:
    with pytest.raises(IntegrityError, match="not signed by a key that the trust file has"):
        verified(signed(), without_keys(KEYS.trust, KeyRole.EXPORT, EAST))


def test_old_and_new_key_both_count_while_they_overlap() -> None:
    new = new_signer()
    key = TrustedKey(public=new.public, role=KeyRole.EXPORT, site=EAST, expires_at=NOON + 400 * DAY)
    trust = with_key(KEYS.trust, key, old_until=NOON + 30 * DAY)
    by_new = Keyring(trust, replace(KEYS, signers={(KeyRole.EXPORT, EAST): new}), FakeClock(NOON))
    for data in (signed(), by_new.sign(b"{}", TYPE, KeyRole.EXPORT, EAST)):
        verified(data, trust).check_said_by(EAST, NOON + 29 * DAY)
    with pytest.raises(IntegrityError, match="expired"):
        verified(signed(), trust).check_said_by(EAST, NOON + 30 * DAY)


def test_rotation_shortens_no_key_of_another_role_or_site() -> None:
    key = TrustedKey(public=new_signer().public, role=KeyRole.EXPORT, site=EAST, expires_at=NOON + 400 * DAY)
    trust = with_key(KEYS.trust, key, old_until=NOON + DAY)
    shortened = [one for one in trust.keys if one.expires_at == NOON + DAY]
    assert shortened == [replace(key_of(), expires_at=NOON + DAY)]


def test_machine_does_not_sign_with_a_key_that_is_not_trusted() -> None:
    strange = replace(KEYS, signers={(KeyRole.EXPORT, EAST): new_signer()})
    with pytest.raises(
        ConfigError, match=r"the export key of east on this machine is not in the trust file \(version 1"
    ):
        signed(strange)


def test_machine_does_not_sign_with_an_expired_key() -> None:
    trust = replace(KEYS.trust, keys=(replace(key_of(), expires_at=NOON),))
    with pytest.raises(ConfigError, match="kubestandby keys rotate export"):
        Keyring(trust, KEYS, FakeClock(NOON)).sign(b"{}", TYPE, KeyRole.EXPORT, EAST)


def test_machine_does_not_sign_for_another_role_with_the_key_that_it_has() -> None:
    mixed = replace(KEYS, signers={(KeyRole.EXPORT, EAST): KEYS.signers[KeyRole.SANITIZE, EAST]})
    with pytest.raises(ConfigError, match="not in the trust file"):
        signed(mixed)


def test_expired_trust_file_signs_and_seals_nothing() -> None:
    late = keyring(KEYS, KEYS.trust.expires_at)
    steps: list[Callable[[], object]] = [
        lambda: late.sign(b"{}", TYPE, KeyRole.EXPORT, EAST),
        lambda: late.sealer(SHOP, EAST, (EAST, WEST)),
    ]
    for step in steps:
        with pytest.raises(ConfigError, match=r"the trust file .* has expired on 2027-11-22; renew it"):
            step()


def test_site_that_nothing_is_sealed_for_is_named() -> None:
    with pytest.raises(ConfigError, match="no key to seal for north; run `kubestandby keys rotate unseal`"):
        keyring(KEYS).sealer(SHOP, EAST, (EAST, SiteName("north")))


def test_trust_file_comes_back() -> None:
    assert read_trust(write_trust(KEYS.trust, [KEYS.root]), KEYS.root.public, "trust.json") == KEYS.trust


def test_trust_file_of_another_root_is_refused() -> None:
    with pytest.raises(IntegrityError, match=r"^trust.json is not signed by a key"):
        read_trust(write_trust(KEYS.trust, [new_signer()]), KEYS.root.public, "trust.json")


def test_trust_file_signed_by_a_key_that_it_names_itself_is_refused() -> None:
    thief = new_signer()
    forged = write_trust(replace(KEYS.trust, root=thief.public), [thief])
    with pytest.raises(IntegrityError):
        read_trust(forged, KEYS.root.public, "trust.json")


def test_index_signed_by_the_root_is_no_trust_file() -> None:
    keys = replace(KEYS.trust, keys=(replace(key_of(), public=KEYS.root.public),))
    index = Keyring(keys, replace(KEYS, signers={(KeyRole.EXPORT, EAST): KEYS.root}), FakeClock(NOON)).sign(
        b"{}", TYPE, KeyRole.EXPORT, EAST
    )
    with pytest.raises(FormatError, match="payload type"):
        read_trust(index, KEYS.root.public, "trust.json")


def test_changed_root_is_accepted_where_the_old_one_signed_too() -> None:
    new = new_signer()
    trust = replace(next_version(KEYS.trust, NOON, 365 * DAY), root=new.public)
    data = write_trust(trust, [KEYS.root, new])
    assert read_trust(data, KEYS.root.public, "x") == read_trust(data, new.public, "x") == trust


def test_key_in_two_roles_is_refused() -> None:
    doubled = replace(KEYS.trust, keys=(key_of(), replace(key_of(), role=KeyRole.SANITIZE)))
    with pytest.raises(IntegrityError, match="one key in two roles"):
        read_trust(write_trust(doubled, [KEYS.root]), KEYS.root.public, "x")


def test_trust_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(FormatError, match="larger"):
        read_trust(b" " * (1 << 21), KEYS.root.public, "x")


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_no_bytes_as_trust_file_end_in_anything_but_our_errors(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        read_trust(data, KEYS.root.public, "trust.json")


def test_every_key_says_when_it_runs_out() -> None:
    names = [name for name, _ in KEYS.trust.expiries()]
    assert names[0] == "the trust file"
    assert {"the restore key of west", "the operator key", "sealing for break-glass"} <= set(names)
    assert len(names) == 1 + 7 + 3


def test_a_key_that_has_its_successor_runs_out_with_that() -> None:
    (old,) = KEYS.trust.keys_of(KeyRole.OPERATOR)
    new = replace(old, public=replace(old.public, id="f" * 64), expires_at=old.expires_at + timedelta(days=300))
    trust = replace(KEYS.trust, keys=(*KEYS.trust.keys, new))

    assert dict(trust.expiries())["the operator key"] == new.expires_at
