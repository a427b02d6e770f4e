"""Throwaway keys, and the check of a request's signature (draft-cavage-http-signatures-08, as OCI has it).

Source: docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.oci_server.wire import RefusedError, Request

TENANCY = "ocid1.tenancy.oc1..aaaatest"
USER = "ocid1.user.oc1..aaaatest"
FINGERPRINT = ":".join(["ab"] * 16)
SKEW_SECONDS = 300
_FIELD = re.compile(r'(\w+)="([^"]*)"')
_SIGNED = ("date", "(request-target)", "host")
_SIGNED_BODY = ("content-length", "content-type", "x-content-sha256")


@cache
def throwaway_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_pem(key: rsa.RSAPrivateKey | None = None) -> bytes:
    return (key or throwaway_key()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_profile(folder: Path, name: str = "DEFAULT") -> Path:
    """A configuration file as the command line's, with an API key that this server accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    key, config = folder / "api_key.pem", folder / "config"
    key.write_bytes(key_pem())
    key.chmod(0o600)
    lines = (
        f"[{name}]",
        f"user={USER}",
        f"tenancy={TENANCY}",
        f"fingerprint={FINGERPRINT}",
        "region=us-ashburn-1",
        f"key_file={key}",
    )
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)
    return config


def session_token(**claims: object) -> str:
    """A token as resource principals have, which this server takes for what it is: nothing in it is checked but its
    key, which it has to be told of."""

    def part(value: Mapping[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    usual: dict[str, object] = {"exp": int(time.time()) + 3600, "res_tenant": TENANCY, "res_compartment": TENANCY}
    return f"{part({'alg': 'RS256'})}.{part({**usual, **claims})}.c2ln"


class Identities:
    """Who may ask: key ids and their public keys."""

    def __init__(self) -> None:
        self.known = {f"{TENANCY}/{USER}/{FINGERPRINT}": throwaway_key().public_key()}

    def accept(self, key_id: str, key: rsa.RSAPublicKey) -> None:
        self.known[key_id] = key

    def check(self, request: Request, *, body_is_signed: bool) -> None:
        """Raises a 401 where the request is not signed by somebody who is known."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        fields = dict(_FIELD.findall(rest))
        if scheme != "Signature" or fields.get("version") != "1" or fields.get("algorithm") != "rsa-sha256":
            raise _unproven("no signature")
        names = fields["headers"].split()
        missing = {*_SIGNED, *(_SIGNED_BODY if body_is_signed else ())} - set(names)
        if missing:
            raise _unproven(f"not signed: {sorted(missing)}")
        self._verify(fields["keyId"], fields["signature"], _signed_text(request, names))
        _check_date(request.headers["date"])
        if body_is_signed and request.headers["x-content-sha256"] != _digest(request.body):
            raise _unproven("another body than the signed one")

    def _verify(self, key_id: str, signature: str, text: str) -> None:
        if key_id not in self.known:
            raise _unproven("key id not known")
        try:
            self.known[key_id].verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            raise _unproven("the signature does not fit") from None


def _signed_text(request: Request, names: list[str]) -> str:
    target = f"{request.method.lower()} {request.target}"
    values = {**request.headers, "(request-target)": target}
    return "\n".join(f"{name}: {values.get(name, '')}" for name in names)


def _digest(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _check_date(text: str) -> None:
    if abs(parsedate_to_datetime(text).timestamp() - time.time()) > SKEW_SECONDS:
        raise _unproven("the date is more than five minutes off")


def _unproven(why: str) -> RefusedError:
    return RefusedError(401, "NotAuthenticated", f"The required information to complete authentication: {why}")
