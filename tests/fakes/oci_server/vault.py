"""Vault: secrets by id and by name, and keys that sign (KMS). A private key never leaves this module."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.oci_server.wire import Answer, RefusedError, Request, as_json

MOST_SECRET_BYTES = 25 * 1024


@dataclass
class Secret:
    id: str
    name: str
    vault_id: str
    compartment_id: str
    contents: list[bytes]


@dataclass
class SigningKey:
    """An asymmetric key with its versions; the last one is current."""

    id: str
    versions: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    def rotate(self) -> str:
        version = f"{self.id.replace('ocid1.key.', 'ocid1.keyversion.')}v{len(self.versions) + 1}"
        self.versions[version] = ec.generate_private_key(ec.SECP256R1())
        return version


class Vault:
    """Secrets and keys of all regions."""

    def __init__(self) -> None:
        self.secrets: dict[str, Secret] = {}
        self.keys: dict[str, SigningKey] = {}
        self._lock = threading.Lock()

    def add_secret(self, region: str, vault_id: str, name: str, content: bytes, compartment: str = "c") -> Secret:
        with self._lock:
            identity = f"ocid1.vaultsecret.oc1.{region}.test{len(self.secrets)}"
            secret = Secret(identity, name, vault_id, compartment, [content])
            self.secrets[identity] = secret
            return secret

    def add_key(self, region: str) -> SigningKey:
        key = SigningKey(f"ocid1.key.oc1.{region}.vault.test{len(self.keys)}")
        key.rotate()
        self.keys[key.id] = key
        return key

    def read(self, request: Request) -> Answer:
        """The service `secrets`: GET of a bundle; POST of a bundle by its name."""
        if request.path[-1] == "getByName":
            wanted = (request.query["vaultId"], request.query["secretName"])
            found = [one for one in self.secrets.values() if (one.vault_id, one.name) == wanted]
        else:
            found = [one for one in self.secrets.values() if one.id == request.path[-1]]
        if not found or f".{request.region}." not in found[0].id:
            raise RefusedError(404, "NotAuthorizedOrNotFound")
        content = base64.b64encode(found[0].contents[-1]).decode()
        return as_json(
            {
                "secretId": found[0].id,
                "versionNumber": len(found[0].contents),
                "secretBundleContent": {"contentType": "BASE64", "content": content},
                "stages": ["CURRENT", "LATEST"],
            }
        )

    def manage(self, request: Request) -> Answer:
        """The service `vaults`: lists, makes and updates secrets."""
        if request.method == "GET":
            wanted, name = request.query.get("vaultId"), request.query.get("name")
            found = [one for one in self.secrets.values() if one.vault_id == wanted and name in (None, one.name)]
            return as_json([_summary(one) for one in found])
        details = request.json()
        content = base64.b64decode(details["secretContent"]["content"])
        if len(content) > MOST_SECRET_BYTES:
            raise RefusedError(400, "InvalidParameter")
        if request.method == "PUT":
            secret = self.secrets[request.path[-1]]
            secret.contents.append(content)
        else:
            secret = self.add_secret(
                request.region, details["vaultId"], details["secretName"], content, details["compartmentId"]
            )
        return as_json(_summary(secret))

    def sign(self, request: Request) -> Answer:
        """The crypto endpoint of a vault."""
        details = request.json()
        key = self.keys.get(details["keyId"])
        if key is None or f".{request.region}." not in key.id:
            raise RefusedError(404, "NotAuthorizedOrNotFound")
        version = details.get("keyVersionId") or list(key.versions)[-1]
        message = base64.b64decode(details["message"])
        if details["signingAlgorithm"] != "ECDSA_SHA_256" or version not in key.versions:
            raise RefusedError(400, "InvalidParameter")
        if details.get("messageType") == "DIGEST":
            algorithm = ec.ECDSA(Prehashed(SHA256()))
        elif len(message) <= 4096:
            algorithm = ec.ECDSA(SHA256())
        else:
            raise RefusedError(400, "InvalidParameter", "The message is too long")
        signature = key.versions[version].sign(message, algorithm)
        return as_json(
            {
                "keyId": key.id,
                "keyVersionId": version,
                "signature": base64.b64encode(signature).decode(),
                "signingAlgorithm": "ECDSA_SHA_256",
            }
        )

    def describe(self, request: Request) -> Answer:
        """The management endpoint of a vault: a version of a key, with its public half; or the key itself."""
        key = self.keys.get(request.path[2])
        if key is None:
            raise RefusedError(404, "NotAuthorizedOrNotFound")
        if len(request.path) == 3:
            return as_json({"id": key.id, "currentKeyVersion": list(key.versions)[-1]})
        version = request.path[4]
        public = key.versions[version].public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return as_json({"id": version, "keyId": key.id, "publicKey": pem, "lifecycleState": "ENABLED"})


def _summary(secret: Secret) -> dict[str, object]:
    return {
        "id": secret.id,
        "secretName": secret.name,
        "vaultId": secret.vault_id,
        "compartmentId": secret.compartment_id,
        "lifecycleState": "ACTIVE",
    }
