"""Certificate authorities that an injector keeps in `caBundle` fields: those of the standby stay as they are. Pure.

cert-manager's injector, OpenShift's service CA and the operators that do it themselves write the CA of their own
cluster there. The primary's in its place would have every call of the webhook refused until the injector comes round
(kapp has the same rule: k14s/kapp `rebaseRules` for `caBundle`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kubestandby.resources import FIELD_MANAGER, Manifest, ObjectRef

from .field_sets import Steps, follow
from .plans import GroupKind
from .references import children
from .stripping import without

CA_BUNDLE = "caBundle"
_WEBHOOKS = ("webhooks",)
_ADMISSION = "admissionregistration.k8s.io"

BUNDLE_PATHS: Mapping[GroupKind, tuple[str, ...]] = {
    (_ADMISSION, "MutatingWebhookConfiguration"): _WEBHOOKS,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("apiregistration.k8s.io", "APIService"): ("spec", CA_BUNDLE),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec", "conversion", "webhook", "clientConfig", CA_BUNDLE),
}
"""Where a kind has such a field; of `webhooks`, each one in its `clientConfig`."""


def without_kept_bundles(ref: ObjectRef, desired: Manifest, live: Manifest) -> Manifest:
    """The desired object without each `caBundle` that somebody else has set on the live one."""
    path = BUNDLE_PATHS.get(ref.gvk.group_kind)
    if path is None:
        return desired
    theirs = [steps for steps in _bundles(path, desired) if _is_kept(live, steps)]
    result: Manifest = without(desired, theirs, kept=desired)
    return result


def _bundles(path: tuple[str, ...], desired: Manifest) -> Iterator[Steps]:
    if path != _WEBHOOKS:
        yield tuple(f"f:{name}" for name in path)
        return
    for webhook in children(desired, "webhooks"):
        key = json.dumps({"name": webhook.get("name", "")}, separators=(",", ":"), ensure_ascii=False)
        yield "f:webhooks", f"k:{key}", "f:clientConfig", f"f:{CA_BUNDLE}"


def _is_kept(live: Manifest, steps: Steps) -> bool:
    """Whether the live object has one, and a manager other than us owns it."""
    if not follow(live, steps)[1]:
        return False
    entries = live.get("metadata", {}).get("managedFields") or ()
    return any(_owns(entry.get("fieldsV1"), steps) for entry in entries if entry.get("manager") != FIELD_MANAGER)


def _owns(fields: Any, steps: Steps) -> bool:
    for element in steps:
        if not isinstance(fields, Mapping) or element not in fields:
            return False
        fields = fields[element]
    return True
