"""The command lines of the components."""

from __future__ import annotations

from pathlib import Path

from tests.testbed.pki import ClusterPki
from tests.testbed.ports import LOOPBACK

# What the endpoints of the Service "kubernetes" name. Loopback is not allowed there, and the address of this
# machine may not exist; nothing inside a testbed ever connects to it.
ADVERTISED = "198.51.100.1"


def etcd(directory: Path, pki: ClusterPki, client_port: int, peer_port: int) -> list[str]:
    """The flags of etcd, whose data does not have to survive the machine."""
    client, peer = f"https://{LOOPBACK}:{client_port}", f"https://{LOOPBACK}:{peer_port}"
    return [
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--trusted-ca-file={pki.etcd_authority}",
        f"--cert-file={pki.etcd_server.certificate}",
        f"--key-file={pki.etcd_server.key}",
        "--client-cert-auth",
        f"--peer-trusted-ca-file={pki.etcd_authority}",
        f"--peer-cert-file={pki.etcd_server.certificate}",
        f"--peer-key-file={pki.etcd_server.key}",
        "--peer-client-cert-auth",
        "--socket-reuse-port",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver(directory: Path, pki: ClusterPki, port: int, etcd_port: int, service_range: str) -> list[str]:
    """The flags of the API server that every cluster needs."""
    return [
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        "--permit-port-sharing",
        f"--advertise-address={ADVERTISED}",
        f"--cert-dir={directory}",
        f"--tls-cert-file={pki.apiserver.certificate}",
        f"--tls-private-key-file={pki.apiserver.key}",
        f"--client-ca-file={pki.authority}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",
        f"--etcd-servers=https://{LOOPBACK}:{etcd_port}",
        f"--etcd-cafile={pki.etcd_authority}",
        f"--etcd-certfile={pki.etcd_client.certificate}",
        f"--etcd-keyfile={pki.etcd_client.key}",
        f"--service-cluster-ip-range={service_range}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki.service_account_public_key}",
        f"--service-account-signing-key-file={pki.service_account_key}",
        f"--requestheader-client-ca-file={pki.proxy_authority}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki.front_proxy.certificate}",
        f"--proxy-client-key-file={pki.front_proxy.key}",
        "--profiling=false",
    ]


def audit(directory: Path, log: Path) -> list[str]:
    """The flags of the API server that write who asked for what to a log, line by line."""
    policy = directory / "audit-policy.yaml"
    policy.write_text(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n"
    )
    # Blocking: when a request has been answered, its line can be read.
    return [f"--audit-policy-file={policy}", f"--audit-log-path={log}", "--audit-log-mode=blocking"]


def controller_manager(kubeconfig: Path, pki: ClusterPki, service_range: str) -> list[str]:
    """The flags of the controller manager: the default controllers, serving nothing."""
    return [
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki.service_account_key}",
        f"--root-ca-file={pki.authority}",
        f"--service-cluster-ip-range={service_range}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        # A claim that is seen before its volume is looked at again only then; the default is 15 s.
        "--pvclaimbinder-sync-period=1s",
        "--profiling=false",
    ]


def scheduler(kubeconfig: Path) -> list[str]:
    """The flags of the scheduler, serving nothing."""
    return [
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]


def ready_maker(kubeconfig: Path, cluster: str, nodes: int, storage_class: str) -> list[str]:
    """The flags of our stand-in for nodes, volumes and load balancers."""
    return [
        f"--kubeconfig={kubeconfig}",
        f"--nodes={nodes}",
        f"--node-prefix={cluster}-",
        f"--storage-class={storage_class}",
    ]
