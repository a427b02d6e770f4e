"""Other names for namespaces: of the objects in them, of the namespaces themselves, and in every reference to one."""

import re
from collections.abc import Mapping
from typing import Any

from kubestandby.resources import GVK, Manifest
from kubestandby.transforms import NamespaceTransform

from .fields import EACH, Fields, edited, fields_at
from .namespace_fields import (
    DOMAINS_IN_POD_SPEC,
    HOSTS,
    NAME_ANNOTATIONS,
    NAME_LABEL,
    NAME_LABELS,
    NAMES,
    NAMES_IN_POD_SPEC,
    NAMESPACE_IS_A_NAMESPACE,
    OBJECTS,
    PARAMETER_ENDINGS,
    PARAMETERS,
    QUALIFIED_ANNOTATIONS,
    USERS,
)
from .pod_specs import in_pod_spec
from .pointers import edited_fields
from .renames import Renames
from .transform_steps import Step, TransformError, checked, edited_text

_NOT_SEARCHED = frozenset({"apiVersion", "kind", "metadata", "status", "data", "stringData", "binaryData"})
_ACCOUNT = "system:serviceaccount:"
_ACCOUNTS = "system:serviceaccounts:"
_HOST = re.compile(r"(?<=[a-z0-9]\.)[a-z0-9-]+(?=\.svc(?![a-z0-9-]))")
"""The namespace in SERVICE.NAMESPACE.svc, whatever stands around it (kubernetes.io: DNS for Services and Pods)."""
_DOMAIN = re.compile(r"^[a-z0-9-]+(?=\.svc(?:\.|$))")
"""The namespace in NAMESPACE.svc.CLUSTER-DOMAIN, the domain of its Services."""
_RBAC = "rbac.authorization.k8s.io"
_ROLES = ((_RBAC, "ClusterRole"), (_RBAC, "Role"))
_NAMESPACE_RESOURCES = ("namespaces", "namespaces/finalize", "namespaces/status")


def namespace_step(transform: NamespaceTransform) -> Step:
    """Renames namespaces in metadata, in the fields of `namespace_fields`, in selectors, and at declared places."""
    rename = Renames(transform.names, has_way_back=not transform.sites)
    mention = _Mentions(rename)

    def step(manifest: Manifest) -> Manifest:
        manifest = _renamed_metadata(manifest, rename, mention)
        manifest = _renamed_fields(manifest, rename, mention)
        manifest = _renamed_selectors(manifest, rename)
        if GVK.of(manifest).group in NAMESPACE_IS_A_NAMESPACE:
            manifest = edited(manifest, ("spec",), lambda spec: _renamed_everywhere(spec, rename))
        return edited_fields(manifest, transform.fields, mention.anywhere)

    return step


class _Mentions:
    """Texts that hold the name of a namespace in one of the forms that the API knows."""

    def __init__(self, rename: Renames) -> None:
        self._rename = rename

    def user(self, text: str) -> str:
        """A user or group; that of service accounts holds their namespace (authentication: service account tokens)."""
        if text.startswith(_ACCOUNTS):
            return _ACCOUNTS + self._rename(text.removeprefix(_ACCOUNTS))
        if text.startswith(_ACCOUNT):
            namespace, colon, account = text.removeprefix(_ACCOUNT).partition(":")
            return f"{_ACCOUNT}{self._rename(namespace)}{colon}{account}"
        return text

    def qualified(self, text: str) -> str:
        """NAMESPACE/NAME; a name alone stays."""
        namespace, slash, name = text.partition("/")
        return f"{self._rename(namespace)}{slash}{name}" if slash else text

    def hosts(self, text: str) -> str:
        """Host names of Services, wherever in the text."""
        return _HOST.sub(lambda found: self._rename(found[0]), text)

    def domain(self, text: str) -> str:
        """The domain of a namespace's Services; any other stays."""
        return _DOMAIN.sub(lambda found: self._rename(found[0]), text)

    def anywhere(self, text: str) -> str:
        """What an author has declared to hold a namespace: in whichever form it does."""
        if text.startswith("system:"):
            return self.user(text)
        if "/" in text and "://" not in text and text.partition("/")[0] in self._rename.names:
            return self.qualified(text)
        return self.hosts(self._rename(text))


def _renamed_metadata(manifest: Manifest, rename: Renames, mention: _Mentions) -> Manifest:
    manifest = edited_text(manifest, ("metadata", "namespace"), rename)
    for name in fields_at(manifest, "metadata", "labels").keys() & NAME_LABELS:
        manifest = edited_text(manifest, ("metadata", "labels", name), rename)
    for name in fields_at(manifest, "metadata", "annotations"):
        if name in NAME_ANNOTATIONS:
            manifest = edited_text(manifest, ("metadata", "annotations", name), rename)
        elif name in QUALIFIED_ANNOTATIONS:
            manifest = edited_text(manifest, ("metadata", "annotations", name), mention.qualified)
    return edited(manifest, ("metadata", "ownerReferences", EACH), lambda owner: _renamed_object(owner, rename))


def _renamed_object(reference: Fields, rename: Renames) -> Fields:
    is_namespace = (reference.get("apiVersion"), reference.get("kind")) == ("v1", "Namespace")
    return edited_text(reference, ("name",), rename) if is_namespace else reference


def _renamed_fields(manifest: Manifest, rename: Renames, mention: _Mentions) -> Manifest:
    kind = GVK.of(manifest).group_kind
    for path in (*NAMES.get(kind, ()), *in_pod_spec(manifest, *NAMES_IN_POD_SPEC)):
        manifest = edited_text(manifest, path, rename)
    for path in in_pod_spec(manifest, *DOMAINS_IN_POD_SPEC):
        manifest = edited_text(manifest, path, mention.domain)
    for path in OBJECTS.get(kind, ()):
        manifest = edited(manifest, path, lambda reference: _renamed_object(reference, rename))
    if kind in PARAMETERS:
        manifest = edited(manifest, PARAMETERS[kind], lambda parameters: _renamed_parameters(parameters, rename))
    if kind in _ROLES:
        manifest = edited(manifest, ("rules", EACH), lambda rule: _renamed_rule(rule, rename))
    for path in USERS.get(kind, ()):
        manifest = edited_text(manifest, path, mention.user)
    for path in HOSTS.get(kind, ()):
        manifest = edited_text(manifest, path, mention.hosts)
    return manifest


def _renamed_parameters(parameters: Fields, rename: Renames) -> Fields:
    for name in parameters:
        if name.lower().endswith(PARAMETER_ENDINGS):
            parameters = edited_text(parameters, (name,), rename)
    return parameters


def _renamed_rule(rule: Fields, rename: Renames) -> Fields:
    """A rule about namespaces by name (PolicyRule.resourceNames).

    Raises:
        TransformError: the names may be those of other objects as well; then nobody can tell which are meant.
    """
    resources, named = _texts(rule, "resources"), _texts(rule, "resourceNames")
    is_core = not {"", "*"}.isdisjoint(_texts(rule, "apiGroups"))
    concerned = [name for name in resources if name == "*" or name in _NAMESPACE_RESOURCES]
    if not is_core or not concerned or named.isdisjoint(rename.names):
        return rule
    if len(concerned) < len(resources) or "*" in concerned:
        raise TransformError(
            "rules[].resourceNames names a namespace beside objects of other kinds; write a rule for namespaces alone"
        )
    return edited_text(rule, ("resourceNames", EACH), rename)


def _texts(rule: Fields, name: str) -> set[str]:
    value = rule.get(name)
    return {text for text in value if isinstance(text, str)} if isinstance(value, list) else set()


def _renamed_selectors(manifest: Manifest, rename: Renames) -> Manifest:
    """Label selectors that choose namespaces by name, wherever they are: the label means nothing else."""
    new = {name: _selecting(value, rename) for name, value in manifest.items() if name not in _NOT_SEARCHED}
    return manifest if all(new[name] is manifest[name] for name in new) else {**manifest, **new}


def _selecting(value: Any, rename: Renames) -> Any:
    """The value with every label selector in it (metav1.LabelSelector) renamed."""
    if isinstance(value, list):
        return _same_or_new(value, [_selecting(item, rename) for item in value])
    if not isinstance(value, Mapping):
        return value
    if isinstance(value.get("matchLabels"), Mapping):
        value = edited_text(value, ("matchLabels", NAME_LABEL), rename)
    if value.get("key") == NAME_LABEL and isinstance(value.get("values"), list):
        return edited_text(value, ("values", EACH), rename)
    new = {name: _selecting(inner, rename) for name, inner in value.items()}
    return value if all(new[name] is value[name] for name in new) else new


def _renamed_everywhere(value: Any, rename: Renames) -> Any:
    """The value with every field `namespace` in it renamed."""
    if isinstance(value, list):
        return _same_or_new(value, [_renamed_everywhere(item, rename) for item in value])
    if not isinstance(value, Mapping):
        return value
    new = {
        name: checked(rename, inner, name)
        if name == "namespace" and isinstance(inner, str)
        else _renamed_everywhere(inner, rename)
        for name, inner in value.items()
    }
    return value if all(new[name] is value[name] for name in new) else new


def _same_or_new(old: list[Any], new: list[Any]) -> list[Any]:
    return old if all(one is other for one, other in zip(old, new, strict=True)) else new
