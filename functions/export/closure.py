"""Which cluster-scoped objects belong to a group's namespaces: those that are needed, those that point in, those named.

Pure: decides over manifests that the exporter has listed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubestandby.resources import GVK, Manifest
from kubestandby.snapshots import GroupName

from .references import (
    CLUSTER_ROLE,
    CUSTOM_RESOURCE_DEFINITION,
    PERSISTENT_VOLUME,
    ROLE,
    TRUST_BUNDLE,
    Need,
    is_built_in,
    signers_named,
)

API_SERVICE = ("apiregistration.k8s.io", "APIService")

INCLUDE_LABEL = "kubestandby.dev/include"
SCRIPTS_LABEL = "maak8sapply"
"""The label by which the playbook's scripts are told to apply a cluster-scoped object with a namespace."""


@dataclass(slots=True)
class Closure:
    """What is known so far of the namespaces, and so what they need.

    Attributes:
        needs: objects that something in the snapshot names; grows as objects are taken in.
        claims: PersistentVolumeClaims in the snapshot, by (namespace, name).
        signers: those whose trust bundles Pods of the snapshot read.
        handled: (group, plural) of the custom resources that the snapshot's controllers work on, "*" for all plurals.
        api_groups: those that an API server within the namespaces serves.
    """

    group: GroupName
    namespaces: frozenset[str]
    needs: set[Need] = field(default_factory=set)
    claims: set[tuple[str, str]] = field(default_factory=set)
    signers: set[str] = field(default_factory=set)
    handled: set[tuple[str, str]] = field(default_factory=set)
    api_groups: set[str] = field(default_factory=set)

    def note(self, manifest: Manifest, needs: Iterable[Need]) -> None:
        """Takes in what one object of the snapshot needs."""
        self.needs.update(needs)
        self.signers.update(signers_named(manifest))
        kind = GVK.of(manifest).group_kind
        if kind == ("", "PersistentVolumeClaim"):
            self.claims.add((manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]))
        elif kind == ROLE:
            self.note_rules(manifest)
        elif kind == API_SERVICE and self._points_in(manifest):
            self.api_groups.add((manifest.get("spec") or {}).get("group", ""))

    def note_rules(self, role: Manifest) -> None:
        """Takes in on which custom resources the holders of a role work: their definitions belong to the snapshot."""
        self.handled.update(handled_by(role))

    def wants(self, manifest: Manifest) -> bool:
        """Whether a cluster-scoped object belongs to the snapshot."""
        if self.is_labelled(manifest) or self._points_in(manifest) or self._is_named(manifest):
            return True
        return GVK.of(manifest).group_kind == CUSTOM_RESOURCE_DEFINITION and self._is_handled(manifest)

    def is_labelled(self, manifest: Manifest) -> bool:
        """Whether a label asks for it, for this group or for one of its namespaces."""
        labels = manifest["metadata"].get("labels") or {}
        return labels.get(INCLUDE_LABEL) == self.group or labels.get(SCRIPTS_LABEL) in self.namespaces

    def names_any(self, kind: tuple[str, str]) -> bool:
        """Whether anything of this kind is needed by name, or by what it is about."""
        about = {CUSTOM_RESOURCE_DEFINITION: self.handled, CLUSTER_ROLE: self._own_groups()}.get(kind)
        return bool(about) or any(need[:2] == kind for need in self.needs)

    def is_about_own_api(self, role: Manifest) -> bool:
        """Whether a ClusterRole is only about APIs of which server or controller is within the namespaces.

        Those are the roles for the users of such an API; it need not be known here who is bound to them.
        """
        rules, own = role.get("rules") or (), self._own_groups()
        return bool(rules) and all(rule.get("apiGroups") and own.issuperset(rule["apiGroups"]) for rule in rules)

    def _own_groups(self) -> set[str]:
        return self.api_groups | {group for group, _ in self.handled}

    def _is_handled(self, definition: Manifest) -> bool:
        spec = definition.get("spec") or {}
        group, plural = spec.get("group", ""), (spec.get("names") or {}).get("plural", "")
        return not self.handled.isdisjoint({(group, plural), (group, "*")})

    def _is_named(self, manifest: Manifest) -> bool:
        kind = GVK.of(manifest).group_kind
        bound_elsewhere = kind == PERSISTENT_VOLUME and (manifest.get("spec") or {}).get("claimRef")
        return not bound_elsewhere and Need(*kind, manifest["metadata"]["name"]) in self.needs

    def _points_in(self, manifest: Manifest) -> bool:
        pointer = POINTERS.get(GVK.of(manifest).group_kind)
        return pointer is not None and pointer(manifest, self)


def _binds_account_within(binding: Manifest, closure: Closure) -> bool:
    """A subject is a ServiceAccount of a chosen namespace, as itself, as user name or as its namespace's group.

    The group of all service accounts (`system:serviceaccounts`) belongs to the cluster, not to a namespace
    (kubernetes.io/docs/reference/access-authn-authz/rbac, referring to subjects).
    """
    return any(_account_namespace(subject) in closure.namespaces for subject in binding.get("subjects") or ())


def _account_namespace(subject: Mapping[str, Any]) -> str:
    """The namespace of the service account, or of the service accounts, that the subject is; "" for anybody else."""
    kind, name = subject.get("kind"), str(subject.get("name", ""))
    if kind == "ServiceAccount":
        return str(subject.get("namespace", ""))
    prefix, _, rest = name.rpartition("system:serviceaccounts:" if kind == "Group" else "system:serviceaccount:")
    if prefix or not rest or rest == name:
        return ""
    return rest if kind == "Group" else rest.partition(":")[0]


def _calls_service_within(configuration: Manifest, closure: Closure) -> bool:
    """A webhook's service lives in a chosen namespace (WebhookClientConfig.service)."""
    configs = [webhook.get("clientConfig") or {} for webhook in configuration.get("webhooks") or ()]
    return any((config.get("service") or {}).get("namespace") in closure.namespaces for config in configs)


def _is_served_within(api_service: Manifest, closure: Closure) -> bool:
    """The service behind an aggregated API lives in a chosen namespace (APIServiceSpec.service)."""
    return ((api_service.get("spec") or {}).get("service") or {}).get("namespace") in closure.namespaces


def _is_of_a_needed_signer(bundle: Manifest, closure: Closure) -> bool:
    """A Pod reads all bundles of this signer (ClusterTrustBundleSpec.signerName)."""
    return (bundle.get("spec") or {}).get("signerName") in closure.signers


def _is_bound_to_claim(volume: Manifest, closure: Closure) -> bool:
    """The volume's claim is in the snapshot (PersistentVolumeSpec.claimRef)."""
    claim = (volume.get("spec") or {}).get("claimRef") or {}
    return (claim.get("namespace", ""), claim.get("name", "")) in closure.claims


_OF_CONTROLLERS = ("status", "finalizers")


def handled_by(role: Manifest) -> Iterator[tuple[str, str]]:
    """The custom resources, by group and plural, on which a role lets its holder do what controllers do.

    That is everything (`*`), writing the status or the finalizers, or watching and changing them. Who only reads or
    makes such resources needs no definition before there is one of them.
    """
    for rule in role.get("rules") or ():
        verbs = set(rule.get("verbs") or ())
        changes = not verbs.isdisjoint({"update", "patch"})
        for resource in rule.get("resources") or ():
            plural, _, below = resource.partition("/")
            controls = below in _OF_CONTROLLERS or (not below and "watch" in verbs)
            if "*" in verbs or (changes and controls):
                yield from ((group, plural) for group in rule.get("apiGroups") or () if not is_built_in(group))


POINTERS: Mapping[tuple[str, str], Callable[[Manifest, Closure], bool]] = {
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _binds_account_within,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _calls_service_within,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _calls_service_within,
    API_SERVICE: _is_served_within,
    PERSISTENT_VOLUME: _is_bound_to_claim,
    TRUST_BUNDLE: _is_of_a_needed_signer,
}
"""Kinds that belong to the snapshot because they point into its namespaces."""
