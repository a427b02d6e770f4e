"""What a restore may not do whatever rights it was given: a ValidatingAdmissionPolicy on its identity. Pure.

It holds even where somebody binds cluster-admin to the restore. Kubernetes 1.30 and newer serve it
(admissionregistration.k8s.io/v1, kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kubestandby.groups import OWN_NAMESPACE, ProtectionGroup, Site, inventory_name
from kubestandby.resources import FIELD_MANAGER, Manifest, ResourceType
from kubestandby.rights.pod_rules import POD_VALIDATIONS, POD_VARIABLES
from kubestandby.rights.restoring import targets
from kubestandby.rights.sensitive import is_allowed
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import Subject

POLICY = "kubestandby-restore"
PARAMETERS = "kubestandby-restore-policy"
_ADMISSION = "admissionregistration.k8s.io/v1"
_LABELS = {"app.kubernetes.io/part-of": "kubestandby"}

_LEVELS = '{"privileged": 0, "baseline": 1, "restricted": 2}'
_ENFORCE = "pod-security.kubernetes.io/enforce"


def admission_objects(
    groups: Sequence[tuple[ProtectionGroup, Sources]], site: Site, subject: Subject
) -> tuple[Manifest, ...]:
    """The parameters, the policy and its binding, for all groups that the restore of this site works for."""
    return _parameters(groups, site), _policy(subject), _binding()


def _parameters(groups: Sequence[tuple[ProtectionGroup, Sources]], site: Site) -> Manifest:
    spaces = {name for group, sources in groups for name in targets(group, site, sources)}
    privileged = {
        name for group, sources in groups if group.rights.privileged_pods for name in targets(group, site, sources)
    }
    data = {
        "namespaces": _lines(spaces),
        "inventories": _lines(inventory_name(group.name) for group, _ in groups),
        "clusterScoped": _lines(name for group, sources in groups for name in _cluster_scoped(group, sources)),
        "privilegedNamespaces": _lines(privileged),
    }
    metadata = {"name": PARAMETERS, "namespace": OWN_NAMESPACE, "labels": dict(_LABELS)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _cluster_scoped(group: ProtectionGroup, sources: Sources) -> Iterator[str]:
    for type_, names in sources.cluster_scoped.items():
        if is_allowed(group, type_.gvk.group_kind):
            yield from (f"{_resource(type_)}/{name}" for name in names)


def _resource(type_: ResourceType) -> str:
    return f"{type_.plural}.{type_.gvk.group}".rstrip(".")


def _lines(names: Iterable[str]) -> str:
    """No name of an object may hold a line break."""
    return "\n".join(sorted(set(names)))


def _binding() -> Manifest:
    return {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": POLICY, "labels": dict(_LABELS)},
        "spec": {
            "policyName": POLICY,
            "paramRef": {"name": PARAMETERS, "namespace": OWN_NAMESPACE, "parameterNotFoundAction": "Deny"},
            "validationActions": ["Deny"],
        },
    }


def _policy(subject: Subject) -> Manifest:
    return {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": POLICY, "labels": dict(_LABELS)},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["*"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT"],
                        "resources": ["*/*"],
                    }
                ]
            },
            "matchConditions": [
                {"name": "asked-by-the-restore", "expression": _is_asked_by(subject)},
                {
                    "name": "not-a-review",
                    "expression": '!(request.resource.group in ["authentication.k8s.io", "authorization.k8s.io"])',
                },
            ],
            "variables": [*_VARIABLES, *POD_VARIABLES],
            "validations": [*_VALIDATIONS, _not_for_itself(subject), *POD_VALIDATIONS],
        },
    }


def _is_asked_by(subject: Subject) -> str:
    if subject.user:
        return f"request.userInfo.username == {_text(subject.user)}"
    return f"has(request.userInfo.groups) && {_text(subject.name)} in request.userInfo.groups"


def _text(value: str) -> str:
    """A CEL string literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _variable(name: str, expression: str) -> dict[str, str]:
    return {"name": name, "expression": expression}


def _denied(unless: str, message: str) -> dict[str, Any]:
    return {"expression": unless, "message": message, "reason": "Forbidden"}


_VARIABLES = (
    # Fields of a request that are empty are not there at all.
    _variable("sub", 'has(request.subResource) ? request.subResource : ""'),
    _variable("space", 'has(request.namespace) ? request.namespace : ""'),
    _variable("name", 'has(request.name) ? request.name : ""'),
    _variable(
        "resource",
        'request.resource.group == "" ? request.resource.resource'
        ' : request.resource.resource + "." + request.resource.group',
    ),
    _variable("isNamespace", 'variables.resource == "namespaces"'),
    _variable("place", "variables.isNamespace ? variables.name : variables.space"),
    _variable("deletes", 'request.operation == "DELETE"'),
    _variable(
        "isInventory",
        f'variables.resource == "configmaps" && variables.space == "{OWN_NAMESPACE}" && !variables.deletes'
        ' && variables.name in params.data.inventories.split("\\n")',
    ),
    _variable(
        "enforced",
        f'!variables.isNamespace || variables.deletes || !has(object.metadata.labels) ? ""'
        f' : object.metadata.labels[?"{_ENFORCE}"].orValue("")',
    ),
    _variable(
        "enforcedBefore",
        f'!variables.isNamespace || request.operation != "UPDATE" || !has(oldObject.metadata.labels) ? ""'
        f' : oldObject.metadata.labels[?"{_ENFORCE}"].orValue("")',
    ),
    _variable(
        "enforcedVersions",
        "!variables.isNamespace || variables.deletes ? [] : [object, oldObject].map(o, o == null"
        f' || !has(o.metadata.labels) ? "" : o.metadata.labels[?"{_ENFORCE}-version"].orValue(""))',
    ),
)

_VALIDATIONS = (
    _denied('variables.sub == ""', "a restore writes objects, not their subresources"),
    _denied(
        'variables.place == "" || variables.isInventory || (!variables.place.startsWith("kube-")'
        ' && variables.place in params.data.namespaces.split("\\n"))',
        "a restore writes only into the namespaces of its groups, and never into kube-*",
    ),
    _denied(
        'variables.place != "" || variables.resource + "/" + variables.name in params.data.clusterScoped.split("\\n")',
        "a restore writes only those cluster-scoped objects that the snapshot named when `kubestandby rbac` was run",
    ),
    _denied(
        '!variables.isNamespace || variables.deletes || variables.enforced in ["", "baseline", "restricted"]'
        ' || variables.place in params.data.privilegedNamespaces.split("\\n")',
        "a restore does not make a namespace privileged (spec.rights.privilegedPods)",
    ),
    _denied(
        f"!variables.isNamespace || variables.deletes || {_LEVELS}[?variables.enforced].orValue(0)"
        f" >= {_LEVELS}[?variables.enforcedBefore].orValue(0)",
        "a restore does not weaken the Pod Security level of a namespace",
    ),
    _denied(
        f"!variables.isNamespace || variables.deletes || {_LEVELS}[?variables.enforcedBefore].orValue(0) == 0"
        " || variables.enforcedVersions[0] == variables.enforcedVersions[1]"
        ' || variables.enforcedVersions[0] == "latest"',
        "a restore does not change the version by which a namespace enforces Pod Security, but to latest",
    ),
    _denied(
        "!variables.deletes || (has(oldObject.metadata.managedFields)"
        f' && oldObject.metadata.managedFields.exists(f, has(f.manager) && f.manager == "{FIELD_MANAGER}"))',
        "a restore deletes only what a restore has made",
    ),
    _denied(
        "!variables.deletes || !(variables.resource in"
        ' ["namespaces", "persistentvolumes", "persistentvolumeclaims",'
        ' "customresourcedefinitions.apiextensions.k8s.io"])',
        "a restore deletes nothing that data would go with",
    ),
)


def _not_for_itself(subject: Subject) -> dict[str, Any]:
    """Whoever may bind a role to others must not bind it to itself."""
    themselves = f's.kind == "{subject.kind}" && s.name == {_text(subject.name)}'
    if subject.namespace:
        themselves += f' && has(s.namespace) && s.namespace == "{subject.namespace}"'
    return _denied(
        'variables.deletes || !(variables.resource in ["rolebindings.rbac.authorization.k8s.io",'
        ' "clusterrolebindings.rbac.authorization.k8s.io"]) || (object.roleRef.name != "cluster-admin"'
        f" && (!has(object.subjects) || !object.subjects.exists(s, {themselves})))",
        "a restore binds neither itself nor cluster-admin",
    )
