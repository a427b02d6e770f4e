"""A site's keys in its vault: as secrets, and as KMS keys that sign there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kubestandby.adapters.group_file import load_groups
from kubestandby.adapters.key_opening import open_keyring
from kubestandby.adapters.oci import calling, vault_keys
from kubestandby.adapters.oci.kms_signer import raw_signature
from kubestandby.cli.main import main
from kubestandby.errors import ConfigError, IntegrityError, VaultError, VaultUnavailableError
from kubestandby.groups import KmsKey, Site
from kubestandby.keys.age import AgeRecipients
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.runtime.context import Context
from kubestandby.snapshot_store import INDEX_TYPE
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import EAST, WEST, keyring, write_keys
from tests.fakes.memory_store import MemoryStore
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.faults import Fault
from tests.fakes.oci_server.vault import SigningKey

VAULTS = {EAST: "ocid1.vault.oc1.iad.aaaaeast", WEST: "ocid1.vault.oc1.phx.aaaawest"}
REGIONS = {EAST: "us-ashburn-1", WEST: "us-phoenix-1"}
CREATING = ("--compartment", "ocid1.compartment.oc1..aaaatest", "--encryption-key", "ocid1.key.oc1.phx.v.aes")
PAYLOAD = b'{"some":"index"}'


class Operator:
    """Somebody with a folder of keys, and a configuration of two sites with a vault each."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "shop.yaml"
        self.keys = write_keys(folder)
        self.kms: dict[str, dict[str, Any]] = {}
        self.write()

    def write(self) -> None:
        sites = {
            name: {
                "cluster": {"kubeconfig": f"/{name}"},
                "data": f"oci://axtest/{name}-data?region={REGIONS[name]}",
                "control": f"oci://axtest/{name}-control?region={REGIONS[name]}",
                "keys": {"vault": vault, "prefix": "shop-"} | ({"kms": self.kms[name]} if name in self.kms else {}),
            }
            for name, vault in VAULTS.items()
        }
        spec = {"namespaces": ["shop"], "sites": sites, "primary": "east", "standby": "west"}
        document = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": "shop"}}
        self.config.write_text(json.dumps({**document, "spec": spec}))

    def use_kms(self, site: str, role: KeyRole, key: SigningKey, version: str) -> None:
        reference = {"key": key.id, "version": version}
        endpoint = f"https://v-crypto.kms.{REGIONS[site]}.oraclecloud.com"
        self.kms[site] = {"endpoint": endpoint, **self.kms.get(site, {}), role.value: reference}
        self.write()

    def site(self, name: str) -> Site:
        (group,) = load_groups(self.config)
        return group.site(name)

    def types(self, *words: str) -> Result:
        env = {"KUBESTANDBY_CONFIG": str(self.config), "NO_COLOR": "1"}
        return CliRunner().invoke(main, ["keys", *words], env=env, catch_exceptions=False)


@pytest.fixture
def operator(server: OciServer, tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def opened(operator: Operator, site: str = WEST) -> Keyring:
    return open_keyring(operator.site(site), FakeClock())


def names_in(server: OciServer, vault: str) -> set[str]:
    return {secret.name for secret in server.vault.secrets.values() if secret.vault_id == vault}


class TestSecrets:
    def test_publish_puts_what_the_site_needs_into_its_vault_and_nothing_else(
        self, server: OciServer, operator: Operator
    ) -> None:
        done = operator.types("publish", "--site", "west", *CREATING)

        assert done.exit_code == 0, done.output
        files = ("trust.json", "root.pub", "export.key", "sanitize.key", "restore.key", "unseal.age", "fingerprint.key")
        assert names_in(server, VAULTS[WEST]) == {f"shop-{file}" for file in files}
        assert names_in(server, VAULTS[EAST]) == set()
        assert "PRIVATE" not in done.output
        assert "AGE-SECRET" not in done.output

    def test_publish_again_writes_what_has_changed_only(self, server: OciServer, operator: Operator) -> None:
        operator.types("publish", "--site", "west", *CREATING)
        operator.types("rotate", "fingerprint", "--site", "west")

        again = operator.types("publish", "--site", "west")

        assert again.exit_code == 0, again.output
        assert again.stdout.count("unchanged") == 6
        versions = {secret.name: len(secret.contents) for secret in server.vault.secrets.values()}
        assert versions.pop("shop-fingerprint.key") == 2
        assert set(versions.values()) == {1}

    def test_publish_of_new_secrets_asks_where_they_go(self, operator: Operator) -> None:
        done = operator.types("publish", "--site", "west")

        assert done.exit_code != 0
        assert "to make it, say --compartment and --encryption-key" in done.stderr

    def test_publish_for_a_site_without_a_vault_is_a_sentence(self, operator: Operator) -> None:
        done = operator.types("publish", "--site", "north")

        assert "has no site 'north'; write sites.north.keys: {vault: OCID}" in done.stderr

    def test_keys_of_the_vault_sign_unseal_and_fingerprint_as_those_of_the_folder(self, operator: Operator) -> None:
        operator.types("publish", "--site", "west", *CREATING)

        from_vault, from_folder = opened(operator), keyring()
        signed = from_vault.sign(PAYLOAD, INDEX_TYPE, KeyRole.SANITIZE, WEST)
        wrapped = AgeRecipients(tuple(one.public for one in from_folder.trust.recipients)).wrap(b"data key")

        assert from_folder.verify(signed, INDEX_TYPE, KeyRole.SANITIZE, "index").payload == PAYLOAD
        assert from_vault.source.fingerprint_key(WEST) == from_folder.source.fingerprint_key(WEST)
        assert [one.unwrap(wrapped, "snapshot") for one in from_vault.source.unwrappers(WEST)] == [b"data key"]

    def test_keys_of_the_other_site_and_of_operators_are_not_there(self, operator: Operator) -> None:
        operator.types("publish", "--site", "west", *CREATING)
        keys = opened(operator)

        with pytest.raises(ConfigError, match="the export key of east is not in the vault of west"):
            keys.sign(PAYLOAD, INDEX_TYPE, KeyRole.EXPORT, EAST)
        assert not keys.holds(KeyRole.OPERATOR)

    def test_secret_that_a_function_may_not_read_is_one_that_it_has_not(
        self, server: OciServer, operator: Operator
    ) -> None:
        operator.types("publish", "--site", "west", *CREATING)
        for ocid in [ocid for ocid, secret in server.vault.secrets.items() if secret.name == "shop-restore.key"]:
            del server.vault.secrets[ocid]
        keys = opened(operator)

        assert keys.holds(KeyRole.SANITIZE, WEST)
        assert not keys.holds(KeyRole.RESTORE, WEST)

    def test_vault_without_keys_is_a_sentence(self, operator: Operator) -> None:
        with pytest.raises(ConfigError, match=r"secret shop-root.pub of vault .* keys publish --site west` puts the"):
            opened(operator)

    def test_trust_file_that_the_root_has_not_signed_is_refused(self, server: OciServer, operator: Operator) -> None:
        operator.types("publish", "--site", "west", *CREATING)
        trust = next(secret for secret in server.vault.secrets.values() if secret.name == "shop-trust.json")
        trust.contents.append(trust.contents[-1].replace(b'"payload":"e', b'"payload":"f', 1))

        with pytest.raises(IntegrityError, match=r"secret shop-trust.json of vault"):
            opened(operator)

    def test_vault_that_does_not_answer_is_tried_again_later(
        self, server: OciServer, operator: Operator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(calling.Caller, "_wait", lambda *_: 1e6)
        server.fail(Fault(status=503, times=-1))

        with pytest.raises(VaultUnavailableError):
            opened(operator)

    def test_keys_of_the_standby_are_in_its_own_region(self, server: OciServer, operator: Operator) -> None:
        operator.types("publish", "--site", "west", *CREATING)
        server.fail(Fault(target="us-ashburn-1", status=503, times=-1))
        server.requests.clear()

        keys = opened(operator)
        keys.sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST)
        keys.source.unwrappers(WEST)

        assert all("/us-phoenix-1/" in target for _, target in server.requests)

    def test_function_of_one_site_uses_its_own_vault_for_the_other_site_too(self, operator: Operator) -> None:
        operator.types("publish", "--site", "west", *CREATING)
        groups = load_groups(operator.config)
        context = Context(
            groups,
            clock=FakeClock(),
            open_store=MemoryStore,
            connect=lambda site: pytest.fail("no cluster is needed"),
            open_keys=lambda site: open_keyring(site, FakeClock()),
            only_site="west",
        )

        keys = context.keyring(groups[0].site("east"))

        assert isinstance(keys.source, vault_keys.VaultKeySource)
        assert keys.source.site == WEST
        assert context.keyring(groups[0].site("west")) is keys


class TestCheck:
    @pytest.fixture
    def published(self, operator: Operator) -> Operator:
        for site in ("east", "west"):
            operator.types("publish", "--site", site, *CREATING)
        return operator

    def test_vaults_with_the_keys_of_the_folder_are_good(self, published: Operator) -> None:
        done = published.types("check", "--vaults", "--output", "json")

        found = {one["name"]: one for one in json.loads(done.stdout)["findings"] if "vault" in one["name"]}
        assert done.exit_code == 0, done.output
        assert len(found) == 12
        assert found["restore key in the vault of west"]["found"] == "signs"
        assert found["unsealing by the vault of west"]["found"] == "a canary opens"

    def test_vault_with_an_older_trust_file_and_key_is_found(self, published: Operator) -> None:
        published.types("rotate", "restore", "--site", "west", "--revoke")

        done = published.types("check", "--vaults")

        assert done.exit_code != 0
        assert "the vault of west has version 1 of the trust file, and here is another, version 2" in done.stderr

    def test_vault_without_a_key_is_found(self, server: OciServer, published: Operator) -> None:
        gone = [ocid for ocid, one in server.vault.secrets.items() if one.name == "shop-unseal.age"]
        for ocid in gone:
            del server.vault.secrets[ocid]

        done = published.types("check", "--vaults")

        assert done.exit_code != 0
        assert "secret shop-unseal.age of vault" in done.stderr

    def test_empty_vault_is_found(self, operator: Operator) -> None:
        done = operator.types("check", "--vaults")

        assert done.exit_code != 0
        assert "keys publish --site west` puts the site's keys there" in done.stderr

    def test_without_the_flag_no_vault_is_asked(self, server: OciServer, operator: Operator) -> None:
        assert operator.types("check").exit_code == 0
        assert server.requests == []


class TestKms:
    @pytest.fixture
    def key(self, server: OciServer) -> SigningKey:
        return server.vault.add_key(REGIONS[WEST])

    def adopt(self, operator: Operator, key: SigningKey, role: KeyRole = KeyRole.RESTORE) -> str:
        version = list(key.versions)[-1]
        operator.use_kms(WEST, role, key, version)
        done = operator.types("adopt", role, "--site", "west")
        assert done.exit_code == 0, done.output
        return version

    def test_adopted_key_signs_in_the_vault_and_everybody_verifies_it(
        self, server: OciServer, operator: Operator, key: SigningKey
    ) -> None:
        self.adopt(operator, key)
        operator.types("publish", "--site", "west", *CREATING)

        signed = opened(operator).sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST)
        by_folder = Keyring(opened(operator).trust, keyring().source, FakeClock())
        attested = by_folder.verify(signed, INDEX_TYPE, KeyRole.RESTORE, "record")

        assert attested.payload == PAYLOAD
        assert (attested.key.site, attested.key.public.scheme) == (WEST, "ecdsa-sha2-nistp256")
        assert "shop-restore.key" not in names_in(server, VAULTS[WEST])

    def test_changed_payload_is_refused(self, operator: Operator, key: SigningKey) -> None:
        self.adopt(operator, key)
        operator.types("publish", "--site", "west", *CREATING)
        keys = opened(operator)
        signed = json.loads(keys.sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST))
        signed["payload"] = signed["payload"][:-4] + "AAAA"

        with pytest.raises(IntegrityError, match="was changed after it was signed"):
            keys.verify(json.dumps(signed).encode(), INDEX_TYPE, KeyRole.RESTORE, "record")

    def test_older_key_of_the_role_stays_good_for_the_overlap(self, operator: Operator, key: SigningKey) -> None:
        before = keyring().sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST)
        self.adopt(operator, key)
        operator.types("publish", "--site", "west", *CREATING)

        assert "signs by KMS" in operator.types("check", "--vaults").stdout
        assert opened(operator).verify(before, INDEX_TYPE, KeyRole.RESTORE, "record").payload == PAYLOAD

    def test_adopting_twice_changes_nothing(self, operator: Operator, key: SigningKey) -> None:
        self.adopt(operator, key)
        trust = (operator.keys / "trust.json").read_bytes()

        self.adopt(operator, key)

        assert (operator.keys / "trust.json").read_bytes() == trust

    def test_public_key_may_come_in_a_file(self, operator: Operator, key: SigningKey, tmp_path: Path) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = next(iter(key.versions.values())).public_key()
        file = tmp_path / "export.pem"
        file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

        done = operator.types("adopt", "export", "--site", "west", "--public-key", str(file))

        assert done.exit_code == 0, done.output
        assert "export key of west" in done.stdout

    def test_key_that_is_not_trusted_signs_nothing(self, operator: Operator, key: SigningKey) -> None:
        operator.use_kms(WEST, KeyRole.RESTORE, key, next(iter(key.versions)))
        operator.types("publish", "--site", "west", *CREATING)

        with pytest.raises(
            ConfigError, match=r"the trust file has no restore key that is KMS key version .* keys adopt"
        ):
            opened(operator).sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST)

    def test_new_version_is_another_key(self, operator: Operator, key: SigningKey) -> None:
        self.adopt(operator, key)
        operator.types("publish", "--site", "west", *CREATING)
        operator.use_kms(WEST, KeyRole.RESTORE, key, key.rotate())

        with pytest.raises(ConfigError, match="the trust file has no restore key"):
            opened(operator).sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST)
        self.adopt(operator, key)
        operator.types("publish", "--site", "west")
        opened(operator).sign(PAYLOAD, INDEX_TYPE, KeyRole.RESTORE, WEST)

    def test_only_a_digest_leaves_this_process(self, operator: Operator, key: SigningKey) -> None:
        reference = KmsKey(role="restore", key=key.id, version=next(iter(key.versions)))

        signature = raw_signature(
            reference, "https://v-crypto.kms.us-phoenix-1.oraclecloud.com", b"x" * 1_000_000, calling.Caller()
        )

        assert len(signature) > 60

    def test_missing_key_is_a_sentence(self, operator: Operator) -> None:
        reference = KmsKey(role="restore", key="ocid1.key.oc1.phx.v.none", version="ocid1.keyversion.oc1.phx.v.none")

        with pytest.raises(VaultError, match=r"KMS key ocid1.* does not sign: .* no right to `use keys`"):
            raw_signature(reference, "https://v-crypto.kms.us-phoenix-1.oraclecloud.com", b"x", calling.Caller())
