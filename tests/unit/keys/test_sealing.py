"""What is sealed, for whom it opens, and that it opens in its own place only."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubestandby import codec, manifest_yaml
from kubestandby.errors import ConfigError, ManifestError, SnapshotError, UnsealError
from kubestandby.keys.age import AgeIdentity, AgeRecipients, new_identity
from kubestandby.keys.making import KeyBundle
from kubestandby.keys.sealed_form import is_sealed
from kubestandby.keys.sealing import Origin, SnapshotSealer, SnapshotUnsealer, open_snapshot
from kubestandby.keys.trust import ANY_SITE
from kubestandby.resources import Manifest
from kubestandby.snapshots import GroupName, Sealing, SnapshotId
from tests.unit.keys.samples import (
    EAST,
    FIRST,
    PASSWORD,
    SHOP,
    WEST,
    bundle,
    config_map,
    index_of,
    keyring,
    sealer,
    secret,
)

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
KEYS = bundle()


class Sealed:
    """One snapshot's worth of sealed objects."""

    def __init__(self, *manifests: Manifest, origin: Origin = SHOP, snapshot: SnapshotId = FIRST) -> None:
        made = sealer(KEYS, origin)
        self.manifests = [made.seal(manifest)[0] for manifest in manifests]
        self.sealing = made.close(snapshot)

    def unsealer(self, identity: AgeIdentity = KEYS.identities[WEST]) -> SnapshotUnsealer:
        return open_snapshot(self.sealing, SHOP, FIRST, (identity,))


def unsealed(manifest: Manifest) -> Manifest:
    sealed = Sealed(manifest)
    return sealed.unsealer().unseal(sealed.manifests[0])


def test_secret_comes_back_as_it_was() -> None:
    original = secret(stringData={"user": "till"}, immutable=True)
    assert unsealed(original) == original


def test_values_names_of_keys_and_copies_do_not_show() -> None:
    copy = json.dumps({"data": {"password": PASSWORD}})
    fields = {"f:data": {"f:password": {}}, "f:metadata": {"f:annotations": {"f:rancher": {}}}, "f:type": {}}
    metadata = {
        "name": "till",
        "namespace": "shop",
        "annotations": {LAST_APPLIED: copy, "objectset.rio.cattle.io/applied": "H4sI", "owner": "team-till"},
        "managedFields": [{"manager": "kubectl", "fieldsV1": fields}],
    }
    original = secret(metadata=metadata, stringData={"pin": "2468"})
    text = manifest_yaml.emit(Sealed(original).manifests[0]).decode()
    for hidden in (PASSWORD, "password", "2468", "pin", "last-applied", "H4sI", "team-till", "f:data", "rancher"):
        assert hidden not in text
    assert "f:type" in text


def test_annotations_come_back_with_the_values() -> None:
    original = secret(metadata={"name": "till", "namespace": "shop", "annotations": {LAST_APPLIED: "{}", "a": "b"}})
    assert unsealed(original) == original


def test_annotations_that_sanitize_reads_stay_in_clear() -> None:
    name = "kubernetes.io/service-account.name"
    metadata = {"name": "till", "namespace": "shop", "annotations": {name: "robot", "a": "b"}}
    sealed = Sealed(secret(metadata=metadata)).manifests[0]
    assert sealed["metadata"]["annotations"] == {name: "robot"}
    assert unsealed(secret(metadata=metadata)) == secret(metadata=metadata)


def test_what_sanitize_drops_in_between_stays_dropped() -> None:
    uid, name = "kubernetes.io/service-account.uid", "kubernetes.io/service-account.name"
    sealed = Sealed(secret(metadata={"name": "till", "namespace": "shop", "annotations": {uid: "1", name: "robot"}}))
    metadata = {"name": "till", "namespace": "shop", "annotations": {name: "robot"}}
    back = sealed.unsealer().unseal({**sealed.manifests[0], "metadata": metadata})
    assert back["metadata"] == metadata


def test_token_of_a_service_account_does_not_travel_even_sealed() -> None:
    data = {"token": "dG9r", "ca.crt": "Y2E=", "namespace": "c2hvcA==", "extra": "a2VlcA=="}
    original = secret(type="kubernetes.io/service-account-token", data=data)
    assert unsealed(original)["data"] == {"extra": "a2VlcA=="}
    only_token = secret(type="kubernetes.io/service-account-token", data={"token": "dG9r"})
    assert "data" not in unsealed(only_token)


def test_other_types_keep_keys_that_are_named_like_a_token() -> None:
    original = secret(data={"token": "dG9r", "ca.crt": "Y2E="})
    assert unsealed(original) == original


def test_other_kinds_are_left_as_they_are() -> None:
    assert Sealed(config_map()).manifests == [config_map()]
    assert unsealed(config_map()) == config_map()
    assert not is_sealed({**config_map(), "sealed": "its own field"})


def test_secret_without_values_is_sealed_too() -> None:
    empty = {name: value for name, value in secret().items() if name != "data"}
    assert is_sealed(Sealed(empty).manifests[0])
    assert unsealed(empty) == empty


def test_sealed_manifest_survives_the_stored_form() -> None:
    sealed = Sealed(secret())
    stored = manifest_yaml.parse(manifest_yaml.emit(sealed.manifests[0]), "x")
    assert sealed.unsealer().unseal(stored) == secret()


def test_sealing_survives_the_index() -> None:
    sealing = Sealed().sealing
    assert codec.decode(codec.encode(sealing), Sealing, "x") == sealing


@pytest.mark.parametrize("site", [EAST, WEST, ANY_SITE])
def test_both_sites_and_the_break_glass_key_can_open_it(site: Any) -> None:
    sealed = Sealed(secret())
    assert sealed.unsealer(KEYS.identities[site]).unseal(sealed.manifests[0]) == secret()
    assert sealed.sealing.recipients == ("east", "west", "break-glass")


def test_another_key_cannot_open_it() -> None:
    with pytest.raises(UnsealError, match="sealed for other keys"):
        Sealed(secret()).unsealer(new_identity())


def test_older_key_opens_it_where_the_newest_cannot() -> None:
    sealed = Sealed(secret())
    unsealer = open_snapshot(sealed.sealing, SHOP, FIRST, (new_identity(), KEYS.identities[WEST]))
    assert unsealer.unseal(sealed.manifests[0]) == secret()


def test_exporter_needs_no_key_that_opens() -> None:
    without = KeyBundle(
        root=KEYS.root, trust=KEYS.trust, signers={}, identities={}, fingerprint_keys=KEYS.fingerprint_keys
    )
    made = keyring(without).sealer(SHOP, EAST, (EAST, WEST))
    sealed, sealing = made.seal(secret())[0], made.close(FIRST)
    assert open_snapshot(sealing, SHOP, FIRST, KEYS.unwrappers(WEST)).unseal(sealed) == secret()
    with pytest.raises(ConfigError, match="no key that unseals at west"):
        keyring(without).unsealer(index_of(sealing), WEST)


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": {"name": "other", "namespace": "shop"}},
        {"metadata": {"name": "till", "namespace": "bank"}},
        {"apiVersion": "v2"},
    ],
)
def test_value_moved_to_another_secret_does_not_open(changed: dict[str, Any]) -> None:
    sealed = Sealed(secret())
    with pytest.raises(UnsealError, match="cannot be unsealed: it was changed, or was sealed as another object"):
        sealed.unsealer().unseal({**sealed.manifests[0], **changed})


def test_values_swapped_between_two_secrets_do_not_open() -> None:
    sealed = Sealed(secret("one"), secret("two"))
    one, two = sealed.manifests
    with pytest.raises(UnsealError):
        sealed.unsealer().unseal({**one, "sealed": two["sealed"]})


def test_value_moved_from_another_snapshot_does_not_open() -> None:
    older, newer = Sealed(secret()), Sealed(secret())
    with pytest.raises(UnsealError):
        newer.unsealer().unseal(older.manifests[0])


@pytest.mark.parametrize(
    ("origin", "snapshot"),
    [
        (Origin(GroupName("bank"), "uid-east"), FIRST),
        (Origin(GroupName("shop"), "uid-other"), FIRST),
        (SHOP, SnapshotId(1, 8)),
        (SHOP, SnapshotId(2, 7)),
    ],
    ids=["group", "source cluster", "generation", "epoch"],
)
def test_data_key_moved_to_another_snapshot_or_group_does_not_open(origin: Origin, snapshot: SnapshotId) -> None:
    with pytest.raises(UnsealError, match="its data key is that of another snapshot"):
        open_snapshot(Sealed(secret()).sealing, origin, snapshot, KEYS.unwrappers(WEST))


def test_canary_of_another_snapshot_is_caught() -> None:
    sealed = Sealed()
    swapped = replace(sealed.sealing, canary=Sealed().sealing.canary)
    with pytest.raises(UnsealError, match="the canary of snapshot 1-7 of group shop"):
        open_snapshot(swapped, SHOP, FIRST, KEYS.unwrappers(WEST))


def test_canary_is_no_value_of_a_secret() -> None:
    sealed = Sealed()
    with pytest.raises(UnsealError):
        sealed.unsealer().unseal({**secret(), "sealed": sealed.sealing.canary})


@pytest.mark.parametrize("sealed", [None, 5, {}, "", "x", "AAAA", "%%%", "ü" * 40, "A" * 80])
def test_damaged_value_is_our_error(sealed: Any) -> None:
    with pytest.raises(UnsealError, match="Secret shop/till in snapshot 1-7 of group shop"):
        Sealed().unsealer().unseal({**secret(), "sealed": sealed})


def test_secret_in_clear_is_refused() -> None:
    with pytest.raises(UnsealError, match="is not sealed; only sealed Secrets"):
        Sealed().unsealer().unseal(secret())


def test_values_in_clear_beside_sealed_ones_are_refused() -> None:
    sealed = Sealed(secret())
    with pytest.raises(SnapshotError, match="values in clear beside"):
        sealed.unsealer().unseal({**sealed.manifests[0], "data": {"password": "ZXZpbA=="}})


@pytest.mark.parametrize(
    "changed",
    [{"cipher": "rot13"}, {"wrap": "kms"}, {"key": b""}, {"key": b"x" * 300}, {"key": b"x" * 100_000}, {"canary": ""}],
)
def test_sealing_of_another_form_is_our_error(changed: dict[str, Any]) -> None:
    sealing = replace(Sealed().sealing, **changed)
    with pytest.raises(UnsealError):
        open_snapshot(sealing, SHOP, FIRST, KEYS.unwrappers(WEST))


@pytest.mark.parametrize("wrapped", [b"", b"{}", b"null", b"\xff" * 32, b'{"key":"YQ=="}'])
def test_anything_else_wrapped_is_our_error(wrapped: bytes) -> None:
    key = AgeRecipients((KEYS.identities[WEST].recipient,)).wrap(wrapped)
    with pytest.raises(UnsealError, match="not a data key of ours"):
        open_snapshot(replace(Sealed().sealing, key=key), SHOP, FIRST, KEYS.unwrappers(WEST))


def test_data_key_of_another_length_is_our_error() -> None:
    said = {"key": base64.b64encode(b"short").decode(), "group": "shop", "source_cluster": "uid-east"}
    key = AgeRecipients((KEYS.identities[WEST].recipient,)).wrap(
        codec.canonical_json({**said, "epoch": 1, "generation": 7})
    )
    with pytest.raises(UnsealError, match="not one of aes-256-gcm"):
        open_snapshot(replace(Sealed().sealing, key=key), SHOP, FIRST, KEYS.unwrappers(WEST))


def test_no_errors_and_no_reprs_show_what_is_secret() -> None:
    sealed = Sealed(secret())
    with pytest.raises(UnsealError) as caught:
        sealed.unsealer().unseal({**sealed.manifests[0], "metadata": {"name": "x", "namespace": "shop"}})
    assert PASSWORD not in str(caught.value)
    assert "AGE-SECRET-KEY" not in repr(KEYS.identities[WEST])
    assert "AGE-SECRET-KEY" not in repr(KEYS)
    assert KEYS.fingerprint_keys[EAST].hex() not in repr(KEYS)


def test_length_of_a_value_tells_little() -> None:
    short, longer = (Sealed(secret(data={"p": "a" * n})).manifests[0]["sealed"] for n in (1, 60))
    assert len(short) == len(longer)


def fingerprint(sealing: SnapshotSealer, manifest: Manifest) -> Manifest:
    return sealing.seal(manifest)[1]


def test_fingerprint_is_the_same_for_the_same_secret_only() -> None:
    first, second = sealer(KEYS), sealer(KEYS)
    assert fingerprint(first, secret()) == fingerprint(second, secret())
    assert fingerprint(first, secret()) != fingerprint(first, secret(data={"password": "b3RoZXI="}))
    assert PASSWORD not in json.dumps(fingerprint(first, secret()))


def test_fingerprints_of_equal_values_in_two_secrets_differ() -> None:
    one, two = (fingerprint(sealer(KEYS), secret(name)) for name in ("one", "two"))
    assert one["sealed"] != two["sealed"]


def test_fingerprint_needs_the_key() -> None:
    assert fingerprint(sealer(KEYS), secret()) != fingerprint(sealer(bundle()), secret())


def test_fingerprint_does_not_move_with_a_token() -> None:
    tokens = [secret(type="kubernetes.io/service-account-token", data={"token": value}) for value in ("YQ==", "Yg==")]
    one, two = (fingerprint(sealer(KEYS), manifest) for manifest in tokens)
    assert one == two


@pytest.mark.parametrize(
    "broken",
    [
        secret(sealed="mine"),
        secret(data=[1]),
        secret(stringData="x"),
        secret(metadata={"name": "till", "namespace": "shop", "annotations": ["x"]}),
    ],
)
def test_manifest_of_another_form_than_the_api_has_is_named(broken: Manifest) -> None:
    with pytest.raises(ManifestError, match=r"^Secret shop/till cannot be sealed"):
        sealer(KEYS).seal(broken)


_VALUES = st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=40), max_size=4)


@settings(max_examples=100)
@given(data=st.none() | _VALUES, string_data=st.none() | _VALUES, annotations=st.none() | _VALUES)
def test_every_secret_comes_back(data: Any, string_data: Any, annotations: Any) -> None:
    given_ = {"data": data, "stringData": string_data}
    metadata = {"name": "till", "namespace": "shop"} | ({"annotations": annotations} if annotations is not None else {})
    bare = {name: value for name, value in secret(metadata=metadata).items() if name != "data"}
    original = bare | {name: value for name, value in given_.items() if value is not None}
    assert unsealed(original) == original


@settings(max_examples=200)
@given(st.data())
def test_every_changed_byte_of_a_sealed_value_is_caught(data: st.DataObject) -> None:
    sealed = Sealed(secret())
    raw = bytearray(base64.b64decode(sealed.manifests[0]["sealed"]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UnsealError):
        sealed.unsealer().unseal({**sealed.manifests[0], "sealed": base64.b64encode(raw).decode()})


def test_secret_whose_namespace_was_renamed_on_the_way_opens_under_its_old_name_only() -> None:
    sealed = Sealed(secret())
    moved = {**sealed.manifests[0], "metadata": {"name": "till", "namespace": "shop-dr"}}
    index = index_of(sealed.sealing)

    renamed = keyring(KEYS).unsealer(replace(index, renamed_namespaces={"shop": "shop-dr"}), WEST)

    assert renamed.unseal(moved)["data"] == {"password": PASSWORD}
    for others in ({}, {"bank": "shop-dr"}):
        with pytest.raises(UnsealError, match="was sealed as another object"):
            keyring(KEYS).unsealer(replace(index, renamed_namespaces=others), WEST).unseal(moved)
