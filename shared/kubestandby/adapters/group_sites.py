"""`spec.sites` of a group's document: typed, and checked beyond what the JSON Schema can say."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubestandby.adapters import store_urls
from kubestandby.adapters.group_places import absolute_path, bucket_url
from kubestandby.adapters.group_webhooks import Fault
from kubestandby.errors import ConfigError
from kubestandby.groups import (
    ClusterAccess,
    ClusterLimits,
    KmsKey,
    OkeCluster,
    OkeEndpoint,
    Site,
    TokenAccess,
    VaultKeys,
)
from kubestandby.snapshots import SiteName

_Path = tuple[str | int, ...]


def sites_of(spec: Mapping[str, Any], folder: Path, fault: Fault) -> tuple[Site, ...]:
    """The two sites of a document that holds to the schema. `folder` is the file's.

    Raises:
        ConfigError: by `fault`, which is given the field's path and the sentence.
    """
    keys = absolute_path(spec.get("keys", "keys"), folder, ("spec", "keys"), fault)
    sites = tuple(_site(name, value, folder, keys, fault) for name, value in spec["sites"].items())
    _check_buckets(sites, fault)
    _check_clusters(sites, fault)
    _check_vaults(sites, fault)
    return sites


def _site(name: str, value: Mapping[str, Any], folder: Path, keys: Path, fault: Fault) -> Site:
    return Site(
        name=SiteName(name),
        cluster=_cluster(value["cluster"], folder, ("spec", "sites", name, "cluster"), fault),
        data=bucket_url(value["data"], folder),
        control=bucket_url(value["control"], folder),
        keys=keys,
        limits=_limits(value.get("limits", {})),
        vault=_vault(value["keys"]) if "keys" in value else None,
    )


def _vault(value: Mapping[str, Any]) -> VaultKeys:
    kms = value.get("kms", {})
    keys = (KmsKey(role=role, **kms[role]) for role in ("export", "sanitize", "restore") if role in kms)
    return VaultKeys(
        vault=value["vault"], prefix=value.get("prefix", ""), kms=tuple(keys), kms_endpoint=kms.get("endpoint", "")
    )


def _cluster(value: Mapping[str, Any], folder: Path, path: _Path, fault: Fault) -> ClusterAccess:
    kubeconfig = value.get("kubeconfig")
    if "context" in value and not {"kubeconfig", "kubeconfigFrom"} & value.keys():
        fault(path, "context without kubeconfig; leave it out, or give the kubeconfig that it is in")
    return ClusterAccess(
        kubeconfig=absolute_path(kubeconfig, folder, (*path, "kubeconfig"), fault) if kubeconfig else None,
        context=value.get("context", ""),
        in_cluster=value.get("inCluster", False),
        kubeconfig_secret=value.get("kubeconfigFrom", {}).get("vault", ""),
        oke=_oke(value) if "oke" in value else None,
        token=_token(value, path, fault) if "server" in value else None,
    )


def _oke(value: Mapping[str, Any]) -> OkeCluster:
    return OkeCluster(id=value["oke"], endpoint=OkeEndpoint(value.get("endpoint", OkeEndpoint.PUBLIC)))


def _token(value: Mapping[str, Any], path: _Path, fault: Fault) -> TokenAccess:
    authority = value.get("certificateAuthority", "")
    return TokenAccess(
        server=value["server"],
        secret=value["tokenFrom"]["vault"],
        certificate_authority=_certificates(authority, (*path, "certificateAuthority"), fault) if authority else "",
    )


def _certificates(text: str, path: _Path, fault: Fault) -> str:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        pem = base64.b64decode(text, validate=True)
        load_pem_x509_certificates(pem)
    except ValueError:
        fault(path, "not certificates in base64; copy certificate-authority-data of a kubeconfig")
    return pem.decode("ascii")


def _limits(value: Mapping[str, Any]) -> ClusterLimits:
    usual = ClusterLimits()
    return ClusterLimits(
        requests_in_flight=value.get("requestsInFlight", usual.requests_in_flight),
        requests_per_second=value.get("requestsPerSecond", usual.requests_per_second),
        page_size=value.get("pageSize", usual.page_size),
    )


def _check_buckets(sites: tuple[Site, ...], fault: Fault) -> None:
    """Every bucket well formed, and by itself: two that share a place would see each other's objects."""
    seen: list[tuple[str, str]] = []
    for site in sites:
        for part in ("data", "control"):
            url, path = str(getattr(site, part)), ("spec", "sites", site.name, part)
            try:
                store_urls.check_url(url)
            except ConfigError as error:
                fault(path, str(error))
            for other, where in seen:
                if store_urls.overlap(url, other):
                    fault(path, f"shares its place with {where}; {_apart(url)}")
            seen.append((url, f"spec.sites.{site.name}.{part}"))


def _apart(url: str) -> str:
    if url.startswith("oci://"):
        return "give every bucket its own name, also across regions: OCI's events do not say the region"
    return "give every bucket its own"


def _check_clusters(sites: tuple[Site, ...], fault: Fault) -> None:
    """Two sites must be two clusters; what can be known from the file alone is checked here."""
    first, second = (site.cluster for site in sites)
    same_oke = first.oke is not None and second.oke is not None and first.oke.id == second.oke.id
    if same_oke or (first == second and not first.in_cluster):
        fault(
            ("spec", "sites", sites[1].name, "cluster"),
            f"the same cluster as that of {sites[0].name}; give the other site its own",
        )


def _check_vaults(sites: tuple[Site, ...], fault: Fault) -> None:
    """Each site has its own: whatever takes a region away must not take the other one's keys with it."""
    first, second = (site.vault for site in sites)
    if first and second and first.vault == second.vault:
        fault(
            ("spec", "sites", sites[1].name, "keys", "vault"),
            f"the vault of {sites[0].name}, too; a vault goes with its region, so give each site one of its own",
        )
