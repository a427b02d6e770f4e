"""Keys as files: who can read them, what is refused, how they are replaced."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kubestandby.adapters import key_rotation
from kubestandby.adapters.key_checking import check_keys
from kubestandby.adapters.key_folder import KeyFolder, create_folder, write_private
from kubestandby.adapters.key_rotation import Rotated, Rotation, rotate
from kubestandby.errors import ConfigError, IntegrityError, SnapshotError
from kubestandby.keys.trust import ANY_SITE, KeyRole
from kubestandby.snapshots import SiteName
from tests.fakes.fake_clock import FakeClock
from tests.unit.keys.samples import DAY, EAST, FIRST, NOON, SHOP, WEST, bundle, index_of, secret

SITES = (EAST, WEST)
TYPE = "application/vnd.kubestandby.snapshot.v1+json"


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    create_folder(tmp_path / "keys", bundle())
    return KeyFolder(tmp_path / "keys")


def rotation(what: Rotated, **changes: Any) -> Rotation:
    return replace(Rotation(what=what, sites=SITES, now=NOON), **changes)


def problems(folder: KeyFolder, now: datetime = NOON) -> list[str]:
    return [one.problem for one in check_keys(folder, SITES, now) if one.problem]


def warnings(folder: KeyFolder, now: datetime) -> list[str]:
    return [one.warning for one in check_keys(folder, SITES, now) if one.warning]


def export_signature(folder: KeyFolder, now: datetime = NOON) -> bytes:
    return folder.keyring(FakeClock(now)).sign(b"{}", TYPE, KeyRole.EXPORT, EAST)


def verify_export(folder: KeyFolder, data: bytes, at: datetime = NOON) -> None:
    folder.keyring(FakeClock(at)).verify(data, TYPE, KeyRole.EXPORT, "index").check_said_by(EAST, at)


# making


def test_only_the_owner_can_read_anything(folder: KeyFolder) -> None:
    for path in [folder.path, *folder.path.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        create_folder(tmp_path / "keys", bundle())
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "keys").rglob("*")} == {0}


def test_every_site_has_its_keys_and_no_other_sites(folder: KeyFolder) -> None:
    assert sorted(path.name for path in (folder.path / "sites" / "east").iterdir()) == [
        "export.key",
        "fingerprint.key",
        "restore.key",
        "sanitize.key",
        "unseal.age",
    ]
    texts = [path.read_bytes() for path in folder.path.rglob("*") if path.is_file()]
    assert len(set(texts)) == len(texts)


def test_nothing_private_is_in_what_goes_to_every_site(folder: KeyFolder) -> None:
    public = (folder.path / "trust.json").read_text() + (folder.path / "root.pub").read_text()
    assert "PRIVATE" not in public
    assert "AGE-SECRET" not in public


def test_existing_keys_are_never_overwritten(folder: KeyFolder) -> None:
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="is there already and is left as it is"):
        create_folder(folder.path, bundle())
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    create_folder(tmp_path / "keys", bundle())
    assert KeyFolder(tmp_path / "keys").exists()


def test_making_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.name == "unseal.age":
            raise ConfigError("disk full")
        write_private(path, data)

    monkeypatch.setattr("kubestandby.adapters.key_folder.write_private", full)
    with pytest.raises(ConfigError, match="disk full"):
        create_folder(tmp_path / "keys", bundle())
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file.* cannot be read or written"):
        create_folder(tmp_path / "file" / "keys", bundle())


# reading


def test_folder_without_keys_names_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no key .*trust.json; `kubestandby keys init` makes all keys"):
        KeyFolder(tmp_path).keyring(FakeClock(NOON))


def test_one_key_that_is_missing_is_replaced_and_not_all_of_them_made_anew(folder: KeyFolder) -> None:
    folder.identity_path(WEST).unlink()

    with pytest.raises(ConfigError, match=r"no key .*unseal.age; bring it over .* or replace it with .*keys rotate`"):
        folder.unwrappers(WEST)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o601])
def test_private_key_that_others_can_read_or_change_is_refused(folder: KeyFolder, mode: int) -> None:
    path = folder.signer_path(KeyRole.EXPORT, EAST)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="can be read or changed by others; run `chmod 600"):
        folder.signer(KeyRole.EXPORT, EAST)
    assert any("export.key" in problem for problem in problems(folder))


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o640])
def test_private_key_of_a_mounted_secret_is_read(folder: KeyFolder, mode: int) -> None:
    folder.signer_path(KeyRole.EXPORT, EAST).chmod(mode)
    export_signature(folder)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("sites/east/export.key", lambda folder: folder.signer(KeyRole.EXPORT, EAST)),
        ("sites/east/unseal.age", lambda folder: folder.unwrappers(EAST)),
        ("sites/east/fingerprint.key", lambda folder: folder.fingerprint_key(EAST)),
    ],
)
@pytest.mark.parametrize("data", [b"", b"\xff\x00", b"garbage\n", b"00" * 31, b"x" * 70_000])
def test_damaged_private_key_is_named_and_not_shown(
    folder: KeyFolder, name: str, read: Callable[[KeyFolder], object], data: bytes
) -> None:
    (folder.path / name).write_bytes(data)
    with pytest.raises(ConfigError, match=name) as caught:
        read(folder)
    assert "garbage" not in str(caught.value)


@pytest.mark.parametrize("name", ["trust.json", "root.pub"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff"])
def test_damaged_public_file_is_our_error(folder: KeyFolder, name: str, data: bytes) -> None:
    (folder.path / name).write_bytes(data)
    with pytest.raises(SnapshotError, match=name):
        folder.trust()


def test_trust_file_of_somebody_else_is_refused(folder: KeyFolder, tmp_path: Path) -> None:
    create_folder(tmp_path / "other", bundle())
    (folder.path / "trust.json").write_bytes((tmp_path / "other" / "trust.json").read_bytes())
    with pytest.raises(IntegrityError, match="not signed by a key"):
        folder.trust()


def test_identity_file_is_one_that_age_reads(folder: KeyFolder) -> None:
    lines = folder.identity_path(WEST).read_text().splitlines()
    assert lines[0].startswith("# public key: age1")
    assert lines[1].startswith("AGE-SECRET-KEY-1")


# checking


def test_new_keys_have_nothing_to_mend(folder: KeyFolder) -> None:
    assert problems(folder) == []
    assert warnings(folder, NOON) == []


def test_keys_that_expire_soon_are_a_warning(folder: KeyFolder) -> None:
    found = warnings(folder, NOON + 340 * DAY)
    assert "the trust file expires on 2027-11-22; renew it with `kubestandby keys rotate trust`" in found
    assert any("export key of east expires on 2027-11-22" in warning for warning in found)
    assert problems(folder, NOON + 340 * DAY) == []


def test_expired_keys_are_a_problem(folder: KeyFolder) -> None:
    found = problems(folder, NOON + 366 * DAY)
    assert any("the trust file in" in problem and "has expired" in problem for problem in found)
    assert any(problem.startswith("no export key of east is valid") for problem in found)


def test_key_that_does_not_open_what_is_sealed_for_its_site_is_found(folder: KeyFolder) -> None:
    folder.identity_path(WEST).write_bytes(folder.identity_path(EAST).read_bytes())
    (found,) = problems(folder)
    assert "cannot be unsealed" in found


def test_private_key_of_another_place_is_found(folder: KeyFolder) -> None:
    path = folder.signer_path(KeyRole.SANITIZE, EAST)
    path.write_bytes(folder.signer_path(KeyRole.SANITIZE, WEST).read_bytes())
    (found,) = problems(folder)
    assert found.startswith("the private sanitize key of east here is not one that the trust file has")


def test_site_alone_with_its_own_keys_is_well(folder: KeyFolder) -> None:
    for name in ("offline/root.key", "offline/break-glass.age", "operators/operator.key"):
        (folder.path / name).unlink()
    for path in (folder.path / "sites" / "west").iterdir():
        path.unlink()
    assert problems(folder) == []


def test_site_without_keys_is_a_problem(folder: KeyFolder) -> None:
    found = check_keys(folder, (SiteName("north"),), NOON)
    assert sum("north" in one.problem for one in found) == 4


# rotating


@pytest.mark.parametrize("what", list(Rotated))
@pytest.mark.parametrize("revoke", [False, True])
def test_after_every_rotation_the_keys_fit(folder: KeyFolder, what: Rotated, revoke: bool) -> None:
    before = folder.trust().version
    trust = rotate(folder, rotation(what, revoke=revoke))
    assert folder.trust() == trust
    assert trust.version == before + (what is not Rotated.FINGERPRINT)
    assert problems(folder) == []


def test_old_signature_counts_after_a_rotation(folder: KeyFolder) -> None:
    old = export_signature(folder)
    rotate(folder, rotation(Rotated.EXPORT))
    verify_export(folder, old)
    verify_export(folder, export_signature(folder), NOON + 100 * DAY)
    with pytest.raises(IntegrityError, match="expired"):
        verify_export(folder, old, NOON + 31 * DAY)


def test_old_signature_counts_no_more_after_a_revocation(folder: KeyFolder) -> None:
    old = export_signature(folder)
    rotate(folder, rotation(Rotated.EXPORT, revoke=True))
    with pytest.raises(IntegrityError, match="not signed by a key"):
        verify_export(folder, old)
    verify_export(folder, export_signature(folder))


def test_rotation_at_one_site_leaves_the_other_alone(folder: KeyFolder) -> None:
    before = folder.signer(KeyRole.EXPORT, WEST).key_id
    rotate(folder, rotation(Rotated.EXPORT, sites=(EAST,)))
    assert folder.signer(KeyRole.EXPORT, WEST).key_id == before


@pytest.mark.parametrize("revoke", [False, True])
def test_what_was_sealed_before_a_rotation_still_opens(folder: KeyFolder, revoke: bool) -> None:
    keys = folder.keyring(FakeClock(NOON))
    sealer = keys.sealer(SHOP, EAST, SITES)
    sealed, sealing = sealer.seal(secret())[0], sealer.close(FIRST)
    rotate(folder, rotation(Rotated.UNSEAL, revoke=revoke))
    opened = folder.keyring(FakeClock(NOON)).unsealer(index_of(sealing), WEST)
    assert opened.unseal(sealed) == secret()


def test_in_the_overlap_old_and_new_key_are_sealed_for(folder: KeyFolder) -> None:
    trust = rotate(folder, rotation(Rotated.UNSEAL))
    assert len(trust.recipients_for(SITES, NOON)) == 5
    assert len(trust.recipients_for(SITES, NOON + 31 * DAY)) == 3


def test_revoked_key_is_sealed_for_no_more(folder: KeyFolder) -> None:
    trust = rotate(folder, rotation(Rotated.UNSEAL, revoke=True))
    assert len(trust.recipients_for(SITES, NOON)) == 3


def test_rotation_needs_the_older_keys_that_open_what_there_is(folder: KeyFolder) -> None:
    folder.identity_path(WEST).unlink()
    with pytest.raises(ConfigError, match="its keys still open older snapshots; bring it here"):
        rotate(folder, rotation(Rotated.UNSEAL))


def test_new_site_gets_keys_by_rotation(folder: KeyFolder) -> None:
    north = (SiteName("north"),)
    for what in (Rotated.EXPORT, Rotated.SANITIZE, Rotated.RESTORE, Rotated.UNSEAL, Rotated.FINGERPRINT):
        rotate(folder, rotation(what, sites=north))
    assert [one.problem for one in check_keys(folder, north, NOON) if one.problem] == []


def test_root_key_that_is_not_here_is_fetched_and_not_replaced(folder: KeyFolder) -> None:
    folder.signer_path(KeyRole.ROOT, ANY_SITE).unlink()

    with pytest.raises(ConfigError, match=r"no key .*root.key; it is in the safe: .* --root-key FILE$"):
        rotate(folder, rotation(Rotated.OPERATOR))


def test_root_key_may_be_elsewhere(folder: KeyFolder, tmp_path: Path) -> None:
    safe = tmp_path / "safe.key"
    folder.signer_path(KeyRole.ROOT, ANY_SITE).rename(safe)
    with pytest.raises(ConfigError, match=r"no key .*root.key"):
        rotate(folder, rotation(Rotated.TRUST))
    assert rotate(KeyFolder(folder.path, safe), rotation(Rotated.TRUST)).version == 2


def test_root_key_of_somebody_else_signs_nothing(folder: KeyFolder, tmp_path: Path) -> None:
    create_folder(tmp_path / "other", bundle())
    foreign = tmp_path / "other" / "offline" / "root.key"
    with pytest.raises(ConfigError, match="is not the root key of"):
        rotate(KeyFolder(folder.path, foreign), rotation(Rotated.TRUST))


def test_site_with_the_old_root_key_goes_on_after_its_rotation(folder: KeyFolder) -> None:
    old = (folder.path / "root.pub").read_bytes()
    rotate(folder, rotation(Rotated.ROOT))
    assert (folder.path / "root.pub").read_bytes() != old
    (folder.path / "root.pub").write_bytes(old)
    assert folder.trust().version == 2


def test_site_with_a_revoked_root_key_does_not_go_on(folder: KeyFolder) -> None:
    old = (folder.path / "root.pub").read_bytes()
    rotate(folder, rotation(Rotated.ROOT, revoke=True))
    (folder.path / "root.pub").write_bytes(old)
    with pytest.raises(IntegrityError):
        folder.trust()


@pytest.mark.parametrize("what", [what for what in Rotated if what is not Rotated.ROOT])
@pytest.mark.parametrize("step", range(4))
def test_rotation_that_is_cut_off_leaves_keys_that_work(
    folder: KeyFolder, what: Rotated, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [step]

    def dies(path: Path, data: bytes) -> None:
        if not left[0]:
            raise ConfigError("killed")
        left[0] -= 1
        write_private(path, data)

    monkeypatch.setattr(key_rotation, "write_private", dies)
    with suppress(ConfigError):
        rotate(folder, rotation(what))
    assert problems(folder) == []
    verify_export(folder, export_signature(folder))


@pytest.mark.parametrize("step", range(4))
def test_rotation_of_the_root_that_is_cut_off_can_be_done_again(
    folder: KeyFolder, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [step]

    def dies(path: Path, data: bytes) -> None:
        if not left[0]:
            raise ConfigError("killed")
        left[0] -= 1
        write_private(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(key_rotation, "write_private", dies)
        with suppress(ConfigError):
            rotate(folder, rotation(Rotated.ROOT))
    verify_export(folder, export_signature(folder))
    rotate(folder, rotation(Rotated.ROOT))
    assert problems(folder) == []


def test_rotation_of_the_root_that_lacks_its_last_step_is_finished(folder: KeyFolder) -> None:
    path = folder.signer_path(KeyRole.ROOT, ANY_SITE)
    old = path.read_bytes()
    rotate(folder, rotation(Rotated.ROOT))
    path.rename(path.with_name("root.key.next"))
    write_private(path, old)
    rotate(folder, rotation(Rotated.TRUST))
    assert problems(folder) == []


def test_trust_file_can_be_renewed_after_it_has_expired(folder: KeyFolder) -> None:
    late = NOON + 400 * DAY
    for what in Rotated:
        rotate(folder, rotation(what, now=late))
    assert problems(folder, late) == []


def test_lifetime_of_new_keys_is_what_was_asked_for(folder: KeyFolder) -> None:
    trust = rotate(folder, rotation(Rotated.EXPORT, lifetime=timedelta(days=10)))
    assert trust.expires_at == NOON + 10 * DAY
    assert trust.signing_keys(KeyRole.EXPORT, EAST, NOON)[0].expires_at == NOON + 30 * DAY


def test_trust_file_is_plain_dsse(folder: KeyFolder) -> None:
    envelope = json.loads((folder.path / "trust.json").read_bytes())
    assert envelope["payloadType"] == "application/vnd.kubestandby.trust.v1+json"
    assert len(envelope["signatures"]) == 1
