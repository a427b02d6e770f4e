"""Keys and certificates of one cluster."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = dt.timedelta(days=7)
# Clocks of a machine and of a container on it may differ a little.
BACKDATED = dt.timedelta(hours=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class KeyPair:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority with one purpose."""

    def __init__(self, name: str, directory: Path) -> None:
        """Creates the authority.

        Args:
            name: Its common name, also the name of its file.
            directory: Where its certificate and all that it signs are written.
        """
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(name, [])
        self._identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        certificate = (
            _builder(self._subject, self._subject, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(self._identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = directory / f"{name}.crt"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        file_name: str,
        common_name: str,
        *,
        groups: Sequence[str] = (),
        usages: Sequence[x509.ObjectIdentifier] = (CLIENT,),
        hosts: Sequence[str] = (),
    ) -> KeyPair:
        """Signs a certificate for a new key.

        Args:
            file_name: What both files are called, without the suffix.
            common_name: To Kubernetes, the name of the user.
            groups: To Kubernetes, the groups of the user.
            usages: What the certificate is good for.
            hosts: Names and addresses of a server.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(common_name, groups), self._subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._identifier), critical=False
            )
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        pair = KeyPair(self._directory / f"{file_name}.crt", self._directory / f"{file_name}.key")
        certificate = builder.sign(self._key, hashes.SHA256())
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        write_key(pair.key, key)
        return pair


@dataclass(frozen=True)
class ClusterPki:
    """All keys and certificates of one cluster."""

    authority: Path
    etcd_authority: Path
    proxy_authority: Path
    etcd_server: KeyPair
    etcd_client: KeyPair
    apiserver: KeyPair
    front_proxy: KeyPair
    admin: KeyPair
    controller_manager: KeyPair
    scheduler: KeyPair
    ready_maker: KeyPair
    service_account_key: Path
    service_account_public_key: Path


def create_pki(directory: Path, service_address: str) -> ClusterPki:
    """Writes all keys and certificates that a cluster needs.

    Args:
        directory: Where they go.
        service_address: The cluster IP of the Service "kubernetes".
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    cluster, etcd, proxy = (Authority(name, directory) for name in ("ca", "etcd-ca", "front-proxy-ca"))
    services = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    local = ["localhost", "127.0.0.1"]
    private, public = _service_account_keys(directory)
    return ClusterPki(
        authority=cluster.certificate,
        etcd_authority=etcd.certificate,
        proxy_authority=proxy.certificate,
        etcd_server=etcd.issue("etcd", "etcd", usages=(SERVER, CLIENT), hosts=local),
        etcd_client=etcd.issue("etcd-client", "kube-apiserver"),
        apiserver=cluster.issue(
            "apiserver", "kube-apiserver", usages=(SERVER,), hosts=[*local, *services, service_address]
        ),
        front_proxy=proxy.issue("front-proxy", "front-proxy-client"),
        admin=cluster.issue("admin", "testbed-admin", groups=["system:masters"]),
        controller_manager=cluster.issue("controller-manager", "system:kube-controller-manager"),
        scheduler=cluster.issue("scheduler", "system:kube-scheduler"),
        ready_maker=cluster.issue("ready-maker", "testbed-ready-maker", groups=["system:masters"]),
        service_account_key=private,
        service_account_public_key=public,
    )


def write_key(path: Path, key: PrivateKey) -> None:
    """Writes a private key so that nobody else can read it."""
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _service_account_keys(directory: Path) -> tuple[Path, Path]:
    private, public = directory / "service-account.key", directory / "service-account.pub"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_key(private, key)
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(encoding, form))
    return private, public


def _name(common_name: str, groups: Sequence[str]) -> x509.Name:
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALIDITY)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
