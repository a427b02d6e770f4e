"""Which fields of the built-in API, and of its well-known companions, hold the name of a namespace. Data only.

Everything here is in the API reference of the kind, or in the documents of the project whose annotation it is. Not
here, because nobody can know it: text that happens to hold a name, such as a host name in an environment variable, in a
ConfigMap, in a URL or in a CEL expression. Such places are patched.
"""

from collections.abc import Mapping

from .fields import EACH, Path

GroupKind = tuple[str, str]

NAME_LABEL = "kubernetes.io/metadata.name"
"""The label by which selectors choose namespaces by name (well-known labels)."""

NAME_ANNOTATIONS = frozenset(
    {"meta.helm.sh/release-namespace", "volume.kubernetes.io/provisioner-deletion-secret-namespace"}
)
"""Annotations whose value is a namespace (helm.sh: adopting resources; k8s.io/component-helpers/storage/volume)."""

NAME_LABELS = frozenset({"maak8sapply"})
"""Labels whose value is a namespace: by this one the playbook's scripts, and our export, take cluster-scoped objects
along with it."""

QUALIFIED_ANNOTATIONS = frozenset(
    {
        "cert-manager.io/inject-ca-from",
        "cert-manager.io/inject-ca-from-secret",
        "nginx.ingress.kubernetes.io/auth-secret",
        "nginx.ingress.kubernetes.io/auth-proxy-set-headers",
        "nginx.ingress.kubernetes.io/auth-tls-secret",
        "nginx.ingress.kubernetes.io/custom-headers",
        "nginx.ingress.kubernetes.io/fastcgi-params-configmap",
        "nginx.ingress.kubernetes.io/proxy-ssl-secret",
    }
)
"""Annotations whose value is NAMESPACE/NAME (cert-manager.io: CA injector; ingress-nginx: annotations)."""

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_SNAPSHOTS = "snapshot.storage.k8s.io"
_VOLUME_SECRETS = ("cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
_CSI_SECRETS = (
    "controllerExpandSecretRef",
    "controllerPublishSecretRef",
    "nodeExpandSecretRef",
    "nodePublishSecretRef",
    "nodeStageSecretRef",
)
_WEBHOOKS: tuple[Path, ...] = (("webhooks", EACH, "clientConfig", "service", "namespace"),)
_CLAIM_SOURCE: Path = ("spec", "dataSourceRef", "namespace")

NAMES: Mapping[GroupKind, tuple[Path, ...]] = {
    ("", "Endpoints"): (
        ("subsets", EACH, "addresses", EACH, "targetRef", "namespace"),
        ("subsets", EACH, "notReadyAddresses", EACH, "targetRef", "namespace"),
    ),
    ("", "Namespace"): (("metadata", "name"),),
    ("", "PersistentVolume"): (
        ("spec", "claimRef", "namespace"),
        ("spec", "azureFile", "secretNamespace"),
        ("spec", "glusterfs", "endpointsNamespace"),
        *(("spec", source, "secretRef", "namespace") for source in _VOLUME_SECRETS),
        *(("spec", "csi", reference, "namespace") for reference in _CSI_SECRETS),
    ),
    ("", "PersistentVolumeClaim"): (_CLAIM_SOURCE,),
    ("", "ServiceAccount"): (("secrets", EACH, "namespace"),),
    ("apps", "StatefulSet"): (("spec", "volumeClaimTemplates", EACH, *_CLAIM_SOURCE),),
    ("discovery.k8s.io", "EndpointSlice"): (("endpoints", EACH, "targetRef", "namespace"),),
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): (("spec", "paramRef", "namespace"),),
    (_ADMISSION, "MutatingWebhookConfiguration"): _WEBHOOKS,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): (("spec", "paramRef", "namespace"),),
    (_ADMISSION, "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        ("spec", "conversion", "webhook", "clientConfig", "service", "namespace"),
    ),
    ("apiregistration.k8s.io", "APIService"): (("spec", "service", "namespace"),),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): (
        ("spec", "rules", EACH, "resourceRules", EACH, "namespaces", EACH),
        ("spec", "rules", EACH, "subjects", EACH, "serviceAccount", "namespace"),
    ),
    ("networking.k8s.io", "IngressClass"): (("spec", "parameters", "namespace"),),
    (_RBAC, "ClusterRoleBinding"): (("subjects", EACH, "namespace"),),
    (_RBAC, "RoleBinding"): (("subjects", EACH, "namespace"),),
    (_SNAPSHOTS, "VolumeSnapshotContent"): (("spec", "volumeSnapshotRef", "namespace"),),
}
"""Fields that hold the name of a namespace and nothing else; `metadata.namespace` is that of every kind."""

OBJECTS: Mapping[GroupKind, tuple[Path, ...]] = {
    ("autoscaling", "HorizontalPodAutoscaler"): (("spec", "metrics", EACH, "object", "describedObject"),),
}
"""Fields that name an object of any kind, and so perhaps a namespace; owner references are those of every kind."""

_AFFINITY_TERMS: tuple[Path, ...] = tuple(
    ("affinity", affinity, *term)
    for affinity in ("podAffinity", "podAntiAffinity")
    for term in (
        ("requiredDuringSchedulingIgnoredDuringExecution", EACH),
        ("preferredDuringSchedulingIgnoredDuringExecution", EACH, "podAffinityTerm"),
    )
)
NAMES_IN_POD_SPEC: tuple[Path, ...] = (
    *((*term, "namespaces", EACH) for term in _AFFINITY_TERMS),
    ("volumes", EACH, "ephemeral", "volumeClaimTemplate", *_CLAIM_SOURCE),
)

DOMAINS_IN_POD_SPEC: tuple[Path, ...] = (("dnsConfig", "searches", EACH),)
"""Fields that hold a domain in which Services have their names: `NAMESPACE.svc.cluster.local` (PodDNSConfig)."""

USERS: Mapping[GroupKind, tuple[Path, ...]] = {
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): (
        ("spec", "rules", EACH, "subjects", EACH, "user", "name"),
        ("spec", "rules", EACH, "subjects", EACH, "group", "name"),
    ),
    (_RBAC, "ClusterRole"): (("rules", EACH, "resourceNames", EACH),),
    (_RBAC, "ClusterRoleBinding"): (("subjects", EACH, "name"),),
    (_RBAC, "Role"): (("rules", EACH, "resourceNames", EACH),),
    (_RBAC, "RoleBinding"): (("subjects", EACH, "name"),),
}
"""Fields that hold a user or a group, or what may be impersonated; those of service accounts hold their namespace."""

HOSTS: Mapping[GroupKind, tuple[Path, ...]] = {("", "Service"): (("spec", "externalName"),)}
"""Fields that hold a host name."""

PARAMETERS: Mapping[GroupKind, Path] = {
    ("storage.k8s.io", "StorageClass"): ("parameters",),
    (_SNAPSHOTS, "VolumeSnapshotClass"): ("parameters",),
}
"""Maps in which a driver's documents give names to namespaces of Secrets, such as
`csi.storage.k8s.io/provisioner-secret-namespace` (kubernetes-csi.github.io: Secrets and Credentials)."""

PARAMETER_ENDINGS = ("secret-namespace", "secretnamespace")

NAMESPACE_IS_A_NAMESPACE = ("gateway.networking.k8s.io", "gateway.networking.x-k8s.io")
"""API groups in whose every kind a field `namespace` is one (Gateway API: references of all sorts)."""
