"""Who this process is to OCI: found once, by the environment or as `KUBESTANDBY_OCI_AUTH` says.

It is a matter of where a process runs, not of what it protects, so it is not in the configuration: the same file
serves a function, a pod and an operator's machine.
"""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kubestandby.errors import ConfigError, StoreUnavailableError

_LOG = logging.getLogger(__name__)
AUTH_VARIABLE = "KUBESTANDBY_OCI_AUTH"
PROFILE_VARIABLE = "OCI_CLI_PROFILE"
FILE_VARIABLE = "OCI_CONFIG_FILE"
"""Both are OCI's own; `KUBESTANDBY_OCI_AUTH=profile:NAME` goes before the first."""

USUAL_FILE = "~/.oci/config"

CHASSIS = Path("/sys/class/dmi/id/chassis_asset_tag")
ORACLES = "OracleCloud.com"
"""The asset tag of every machine in OCI, which cloud-init tells them by, too."""


class PrincipalKind(StrEnum):
    """Ways to prove who one is."""

    RESOURCE = "resource-principal"
    """OCI Functions."""
    INSTANCE = "instance-principal"
    """A virtual machine in OCI."""
    WORKLOAD = "workload-identity"
    """A pod in an OKE cluster of the enhanced kind."""
    PROFILE = "profile"
    """A profile of a configuration file, as the command line's: an API key or a session's token."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Signs requests. `signer` and `config` are what the SDK's clients take."""

    kind: PrincipalKind
    signer: Any
    config: dict[str, Any]


_FOUND: dict[tuple[PrincipalKind, str, str], Principal] = {}
_LOCK = threading.Lock()


def principal() -> Principal:
    """Who this process is. The first call may ask the platform for a token; the others take what it gave.

    Raises:
        ConfigError: it has no way to prove who it is.
        StoreUnavailableError: the platform cannot say so now.
    """
    kind, profile = chosen_kind()
    file = os.environ.get(FILE_VARIABLE, "") or USUAL_FILE
    with _LOCK:
        if (kind, profile, file) not in _FOUND:
            _FOUND[kind, profile, file] = _from_profile(profile, file) if profile else _given(kind)
        return _FOUND[kind, profile, file]


def renewed() -> bool:
    """Has the platform give a new token, after one was refused; whether there is anything new to try with."""
    signer = principal().signer
    if not hasattr(signer, "refresh_security_token"):
        return False
    try:
        signer.refresh_security_token()
    except Exception as error:  # noqa: BLE001 - the SDK raises what it likes; what was refused is told by the caller
        _LOG.warning("oci_token_not_renewed", extra={"cause": type(error).__name__})
        return False
    return True


def chosen_kind() -> tuple[PrincipalKind, str]:
    """The way, and the profile's name where it is one; asks nobody.

    Raises:
        ConfigError: the variable says something else.
    """
    said = os.environ.get(AUTH_VARIABLE, "").strip()
    word, _, profile = said.partition(":")
    kind = _by_environment() if not said else next((kind for kind in PrincipalKind if kind == word), None)
    if kind is None or (profile and kind is not PrincipalKind.PROFILE):
        known = ", ".join(PrincipalKind)
        raise ConfigError(
            f"{AUTH_VARIABLE}={said[:40]} is no way to prove who one is; write one of {known}, or unset it"
        )
    if kind is PrincipalKind.PROFILE:
        return kind, profile or os.environ.get(PROFILE_VARIABLE, "") or "DEFAULT"
    return kind, ""


def _by_environment() -> PrincipalKind:
    if os.environ.get("OCI_RESOURCE_PRINCIPAL_VERSION"):
        return PrincipalKind.RESOURCE
    if _is_oracles_machine():
        # A pod sees its machine, too; the machine's rights are those of every pod on it.
        return PrincipalKind.WORKLOAD if os.environ.get("KUBERNETES_SERVICE_HOST") else PrincipalKind.INSTANCE
    return PrincipalKind.PROFILE


def _is_oracles_machine() -> bool:
    try:
        return CHASSIS.read_text("ascii", "replace").strip() == ORACLES
    except OSError:
        return False


def _given(kind: PrincipalKind) -> Principal:
    """What the platform says of a process on it.

    Raises:
        ConfigError: nothing.
        StoreUnavailableError: nothing now.
    """
    try:
        return Principal(kind, _MAKERS[kind](), {})
    except Exception as error:  # the SDK raises what it likes, tokens in the text included
        if _passes(error):
            raise StoreUnavailableError(
                f"the platform does not say by {kind} who this process is ({type(error).__name__}); try again later"
            ) from error
        raise ConfigError(
            f"this process cannot prove by {kind} who it is ({type(error).__name__}); {_NEXT_STEPS[kind]},"
            f" or choose another way with {AUTH_VARIABLE}"
        ) from error


def _passes(error: Exception) -> bool:
    """Whether the platform was there and could not answer just now."""
    from oci.exceptions import ServiceError

    return isinstance(error, ServiceError) and (error.status == 429 or error.status >= 500)


def _resource_principal() -> Any:
    from oci.auth.signers import get_resource_principals_signer

    return get_resource_principals_signer()


def _instance_principal() -> Any:
    from oci.auth.signers import InstancePrincipalsSecurityTokenSigner

    return InstancePrincipalsSecurityTokenSigner()


def _workload_identity() -> Any:
    from oci.auth.signers import get_oke_workload_identity_resource_principal_signer

    return get_oke_workload_identity_resource_principal_signer()


_MAKERS: dict[PrincipalKind, Callable[[], Any]] = {
    PrincipalKind.RESOURCE: _resource_principal,
    PrincipalKind.INSTANCE: _instance_principal,
    PrincipalKind.WORKLOAD: _workload_identity,
}
_NEXT_STEPS = {
    PrincipalKind.RESOURCE: "it is given to functions of OCI: check the OCI_RESOURCE_PRINCIPAL_ variables",
    PrincipalKind.INSTANCE: "it is given to instances of OCI: check that the metadata service answers",
    PrincipalKind.WORKLOAD: "it is given to pods in enhanced OKE clusters: check that the cluster is one and that the"
    " pod has a service account's token",
}


def _from_profile(profile: str, file: str) -> Principal:
    from oci import config as profiles
    from oci.exceptions import ClientError

    try:
        config = profiles.from_file(file, profile)
        signer = _session_signer(config) if config.get("security_token_file") else _key_signer(config)
    except (ClientError, ValueError, OSError, KeyError) as error:
        raise ConfigError(
            f"OCI: profile {profile} of {file} cannot be used ({type(error).__name__}); set up one with"
            f" `oci setup config`, name it with {AUTH_VARIABLE}=profile:NAME, or choose another way with that variable"
        ) from error
    return Principal(PrincipalKind.PROFILE, signer, config)


def _key_signer(config: dict[str, Any]) -> Any:
    from oci.signer import Signer

    return Signer.from_config(config)


def _session_signer(config: dict[str, Any]) -> Any:
    """Of a session that `oci session authenticate` has opened."""
    from oci.auth.signers import SecurityTokenSigner
    from oci.signer import load_private_key_from_file

    token = Path(config["security_token_file"]).expanduser().read_text("ascii").strip()
    return SecurityTokenSigner(token, load_private_key_from_file(config["key_file"], config.get("pass_phrase")))
