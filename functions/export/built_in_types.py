"""The types of Kubernetes itself, for an import with no server to ask: what they are called, and who has a namespace.

As of Kubernetes 1.35, with the older ones that manifests still name (Kubernetes API reference; k8s.io/api).
"""

from collections.abc import Iterator, Mapping

from kubestandby.resources import GVK, ResourceType

_NAMESPACED = """
core: Binding bindings, ConfigMap configmaps, Endpoints endpoints, Event events, LimitRange limitranges
core: PersistentVolumeClaim persistentvolumeclaims, Pod pods, PodTemplate podtemplates
core: ReplicationController replicationcontrollers, ResourceQuota resourcequotas, Secret secrets
core: Service services, ServiceAccount serviceaccounts
apps: ControllerRevision controllerrevisions, DaemonSet daemonsets, Deployment deployments
apps: ReplicaSet replicasets, StatefulSet statefulsets
authorization.k8s.io: LocalSubjectAccessReview localsubjectaccessreviews
autoscaling: HorizontalPodAutoscaler horizontalpodautoscalers
batch: CronJob cronjobs, Job jobs
certificates.k8s.io: PodCertificateRequest podcertificaterequests
coordination.k8s.io: Lease leases, LeaseCandidate leasecandidates
discovery.k8s.io: EndpointSlice endpointslices
events.k8s.io: Event events
extensions: DaemonSet daemonsets, Deployment deployments, Ingress ingresses, NetworkPolicy networkpolicies
extensions: ReplicaSet replicasets
metrics.k8s.io: PodMetrics pods
networking.k8s.io: Ingress ingresses, NetworkPolicy networkpolicies
policy: PodDisruptionBudget poddisruptionbudgets
rbac.authorization.k8s.io: Role roles, RoleBinding rolebindings
resource.k8s.io: ResourceClaim resourceclaims, ResourceClaimTemplate resourceclaimtemplates
scheduling.k8s.io: PodGroup podgroups, Workload workloads
storage.k8s.io: CSIStorageCapacity csistoragecapacities
"""
_CLUSTER_SCOPED = """
core: ComponentStatus componentstatuses, Namespace namespaces, Node nodes, PersistentVolume persistentvolumes
admissionregistration.k8s.io: MutatingAdmissionPolicy mutatingadmissionpolicies
admissionregistration.k8s.io: MutatingAdmissionPolicyBinding mutatingadmissionpolicybindings
admissionregistration.k8s.io: MutatingWebhookConfiguration mutatingwebhookconfigurations
admissionregistration.k8s.io: ValidatingAdmissionPolicy validatingadmissionpolicies
admissionregistration.k8s.io: ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings
admissionregistration.k8s.io: ValidatingWebhookConfiguration validatingwebhookconfigurations
apiextensions.k8s.io: CustomResourceDefinition customresourcedefinitions
apiregistration.k8s.io: APIService apiservices
authentication.k8s.io: SelfSubjectReview selfsubjectreviews, TokenReview tokenreviews
authorization.k8s.io: SelfSubjectAccessReview selfsubjectaccessreviews, SelfSubjectRulesReview selfsubjectrulesreviews
authorization.k8s.io: SubjectAccessReview subjectaccessreviews
certificates.k8s.io: CertificateSigningRequest certificatesigningrequests, ClusterTrustBundle clustertrustbundles
extensions: PodSecurityPolicy podsecuritypolicies
flowcontrol.apiserver.k8s.io: FlowSchema flowschemas, PriorityLevelConfiguration prioritylevelconfigurations
internal.apiserver.k8s.io: StorageVersion storageversions
metrics.k8s.io: NodeMetrics nodes
networking.k8s.io: IPAddress ipaddresses, IngressClass ingressclasses, ServiceCIDR servicecidrs
node.k8s.io: RuntimeClass runtimeclasses
policy: PodSecurityPolicy podsecuritypolicies
rbac.authorization.k8s.io: ClusterRole clusterroles, ClusterRoleBinding clusterrolebindings
resource.k8s.io: DeviceClass deviceclasses, DeviceTaintRule devicetaintrules, ResourceSlice resourceslices
scheduling.k8s.io: PriorityClass priorityclasses
storage.k8s.io: CSIDriver csidrivers, CSINode csinodes, StorageClass storageclasses
storage.k8s.io: VolumeAttachment volumeattachments, VolumeAttributesClass volumeattributesclasses
storagemigration.k8s.io: StorageVersionMigration storageversionmigrations
"""


def _read(text: str, *, namespaced: bool) -> Iterator[tuple[tuple[str, str], ResourceType]]:
    for line in text.strip().splitlines():
        group, _, types = line.partition(": ")
        group = group.removeprefix("core")
        for kind, plural in (one.split() for one in types.split(", ")):
            yield (group, kind), ResourceType(GVK(group, "", kind), plural, namespaced=namespaced)


BUILT_IN_TYPES: Mapping[tuple[str, str], ResourceType] = {
    **dict(_read(_NAMESPACED, namespaced=True)),
    **dict(_read(_CLUSTER_SCOPED, namespaced=False)),
}
"""By group and kind; without a version, which a manifest says itself."""
