"""Authors the corpus on a cluster, as people do: with kubectl, by several verbs."""

import copy
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tests.corpus.made import Manifest
from tests.corpus.steps import Step, Verb
from tests.crossing.reading import Key, Kubectl, key_of
from tests.testbed.kubectl import KubectlError

ACCOUNT_SECONDS = 60.0

Authored = dict[Key, Manifest]
"""What somebody wrote, by the key of what came of it: a generated name is in the key and not in the manifest."""


def author(kubectl: Kubectl, steps: Iterable[Step], values: dict[str, Any]) -> Authored:
    """Carries out the steps.

    Args:
        kubectl: of the cluster.
        steps: in their order.
        values: what stands for words in capitals in the manifests.
    """
    authored: Authored = {}
    for step in steps:
        manifests = [_with_owners(kubectl, _filled(manifest, values)) for manifest in step.manifests]
        keys = _carry_out(kubectl, step.verb, manifests)
        for manifest, key in zip(manifests, keys, strict=True):
            authored[key] = merged(authored.get(key, {}), manifest)
        _await_accounts(kubectl, {key.name for key in keys if key[:2] == ("", "Namespace")})
        _await_definitions(kubectl, [key.name for key in keys if key.kind == "CustomResourceDefinition"])
        _await_defaults(kubectl, [manifest for manifest in manifests if manifest["kind"] == "LimitRange"])
    return authored


def merged(base: Any, edit: Any) -> Any:
    """The edit over the base, as a person edits a text: field by field, and items of lists by their place."""
    if isinstance(base, dict) and isinstance(edit, dict):
        return {name: merged(base.get(name), edit.get(name, base.get(name))) for name in base | edit}
    if isinstance(base, list) and isinstance(edit, list):
        return [merged(base[place] if place < len(base) else None, item) for place, item in enumerate(edit)]
    return copy.deepcopy(edit)


def _await_accounts(kubectl: Kubectl, namespaces: set[str]) -> None:
    """Pods can be made once a controller has made the namespace's account."""
    deadline = time.monotonic() + ACCOUNT_SECONDS
    while namespaces and time.monotonic() < deadline:
        listed = json.loads(kubectl("get", "serviceaccounts", "--all-namespaces", "-o", "json"))["items"]
        namespaces = namespaces - {account["metadata"]["namespace"] for account in listed}


def _await_definitions(kubectl: Kubectl, names: Sequence[str]) -> None:
    if names:
        kubectl("wait", "crd", *names, "--for=condition=Established", "--timeout=60s")


def _await_defaults(kubectl: Kubectl, limits: Iterable[Manifest]) -> None:
    """A Pod gets the defaults of a LimitRange once admission has seen it; while half of it has, it is refused."""
    spaces = {
        one["metadata"]["namespace"] for one in limits if any("default" in item for item in one["spec"]["limits"])
    }
    deadline = time.monotonic() + ACCOUNT_SECONDS
    for namespace in spaces:
        while not _gets_defaults(kubectl, namespace) and time.monotonic() < deadline:
            time.sleep(0.1)


def _gets_defaults(kubectl: Kubectl, namespace: str) -> bool:
    spec = {"containers": [{"name": "main", "image": "a"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": namespace}, "spec": spec}
    try:
        made = json.loads(kubectl("create", "--dry-run=server", "-f", "-", "-o", "json", stdin=json.dumps(pod)))
    except KubectlError:
        return False
    return bool(made["spec"]["containers"][0]["resources"])


def _carry_out(kubectl: Kubectl, verb: Verb, manifests: Sequence[Manifest]) -> list[Key]:
    if verb in (Verb.REPLACED, Verb.PATCHED):
        send = _replace if verb is Verb.REPLACED else _patch
        return [key_of(send(kubectl, manifest)) for manifest in manifests]
    command = _COMMANDS[verb]
    answered = kubectl(*command, "-f", "-", "-o", "json", stdin=_list(manifests))
    return [key_of(item) for item in _items(answered)]


_COMMANDS = {
    Verb.CREATED: ("create",),
    Verb.APPLIED: ("apply",),
    Verb.SERVER_SIDE: ("apply", "--server-side"),
}


def _items(answered: str) -> Iterator[Manifest]:
    """What kubectl printed: `apply` a list, or one object; `create` one object after another."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(answered.rstrip()):
        item, place = decoder.raw_decode(answered, place)
        place = len(answered) - len(answered[place:].lstrip())
        yield from item["items"] if item["kind"] == "List" else [item]


def _replace(kubectl: Kubectl, manifest: Manifest, attempts: int = 5) -> Manifest:
    live = json.loads(kubectl("get", *_address(manifest), "-o", "json"))
    edited = json.dumps(merged(live, manifest))
    try:
        replaced: Manifest = json.loads(kubectl("replace", "-f", "-", "-o", "json", stdin=edited))
    except KubectlError as error:
        if "the object has been modified" not in error.stderr or not attempts:
            raise
        return _replace(kubectl, manifest, attempts - 1)  # a controller wrote in between
    return replaced


def _patch(kubectl: Kubectl, manifest: Manifest) -> Manifest:
    patched: Manifest = json.loads(kubectl("patch", *_address(manifest), "-p", json.dumps(manifest), "-o", "json"))
    return patched


def _address(manifest: Manifest) -> tuple[str, ...]:
    group, _, version = manifest["apiVersion"].rpartition("/")
    kind = f"{manifest['kind']}.{version}.{group}" if group else manifest["kind"]
    namespace = manifest["metadata"].get("namespace")
    return (kind, manifest["metadata"]["name"], *(("-n", namespace) if namespace else ()))


def _list(manifests: Sequence[Manifest]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})


def _with_owners(kubectl: Kubectl, manifest: Manifest) -> Manifest:
    """The manifest with the UIDs of its owners, which nobody can write beforehand."""
    namespace = manifest["metadata"].get("namespace", "")
    for owner in manifest["metadata"].get("ownerReferences", ()):
        metadata = {"name": owner["name"], "namespace": namespace}
        address = _address({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "metadata": metadata})
        owner["uid"] = kubectl("get", *address, "-o", "jsonpath={.metadata.uid}")
    return manifest


def _filled(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, values) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    return values.get(value.strip(), value) if isinstance(value, str) else value
