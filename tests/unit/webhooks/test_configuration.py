"""`spec.webhooks`: typed, and every mistake one sentence with its line."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from kubestandby.adapters.group_file import load_groups
from kubestandby.errors import ConfigError
from kubestandby.groups import ProtectionGroup, SecretReference, Webhook, WebhookKind, WebhookMatch

GROUP = """\
apiVersion: kubestandby.dev/v1
kind: ProtectionGroup
metadata: {name: shop}
spec:
  namespaces: [shop]
  sites:
    east: {cluster: {kubeconfig: e}, data: file://./e/data, control: file://./e/control}
    west: {cluster: {kubeconfig: w}, data: file://./w/data, control: file://./w/control}
  primary: east
  standby: west
  webhooks:
"""
FIRST_LINE = GROUP.count("\n") + 1


def load(tmp_path: Path, *webhooks: str) -> ProtectionGroup:
    (tmp_path / "shop.yaml").write_text(GROUP + "".join(f"  - {one}\n" for one in webhooks))
    return load_groups(tmp_path / "shop.yaml")[0]


def test_webhooks_are_read(tmp_path: Path):
    group = load(
        tmp_path,
        "{name: deploys, kind: github, secretsFrom: [{file: keys/new}, {env: OLD}], match: {branches: [main, 'r/*']}}",
        "{name: images, kind: ocir, match: {images: ['team/*']}}",
    )

    deploys, images = group.webhooks
    assert deploys == Webhook(
        name="deploys",
        kind=WebhookKind.GITHUB,
        secrets=(SecretReference(file=tmp_path / "keys/new"), SecretReference(env="OLD")),
        match=WebhookMatch(branches=("main", "r/*")),
    )
    assert images == Webhook(name="images", kind=WebhookKind.OCIR, match=WebhookMatch(images=("team/*",)))


def test_a_group_needs_no_webhooks(tmp_path: Path):
    (tmp_path / "shop.yaml").write_text(GROUP.replace("  webhooks:\n", ""))

    assert load_groups(tmp_path / "shop.yaml")[0].webhooks == ()


MISTAKES = [
    (
        "{name: a, kind: github}",
        "spec.webhooks[0]",
        "secretsFrom is missing; write [{file: PATH}], [{env: NAME}] or [{vault: OCID}]",
    ),
    ("{name: a, kind: githab}", "spec.webhooks[0].kind", "is none of github, gitlab"),
    ("{kind: flux}", "spec.webhooks[0]", "name is missing"),
    ("{name: a/b, kind: ocir}", "spec.webhooks[0].name", "DNS-1123"),
    ("{name: a, kind: ocir, secretsFrom: [{env: X}]}", "spec.webhooks[0].secretsFrom", "which has no secret; leave"),
    ("{name: a, kind: flux, secretsFrom: []}", "spec.webhooks[0].secretsFrom", "one, or two while it is being changed"),
    (
        "{name: a, kind: flux, secretsFrom: [{env: A}, {env: B}, {env: C}]}",
        "spec.webhooks[0].secretsFrom",
        "one, or two while",
    ),
    (
        "{name: a, kind: flux, secretsFrom: [{env: A}, {env: A}]}",
        "spec.webhooks[0].secretsFrom",
        "in the list twice",
    ),
    (
        "{name: a, kind: flux, secretsFrom: [{vault: ocid1.secret}]}",
        "spec.webhooks[0].secretsFrom[0].vault",
        "not allowed here; write OCID of a secret, such as ocid1.vaultsecret.",
    ),
    (
        "{name: a, kind: flux, secretsFrom: [{file: x, env: E}]}",
        "spec.webhooks[0].secretsFrom[0]",
        "where the secret is",
    ),
    (
        "{name: a, kind: flux, secretsFrom: [hunter2]}",
        "spec.webhooks[0].secretsFrom[0]",
        "text, where a mapping belongs",
    ),
    ("{name: a, kind: flux, secretsFrom: [{env: A B}]}", "spec.webhooks[0].secretsFrom[0].env", "SHOP_GITHUB_SECRET"),
    ("{name: a, kind: flux, secret: x}", "spec.webhooks[0].secret", "did you mean secretsFrom"),
    (
        "{name: a, kind: flux, secretsFrom: [{env: A}], match: {images: [x]}}",
        "spec.webhooks[0].match.images",
        "flux names no images; write applications, branches",
    ),
    (
        "{name: a, kind: flux, secretsFrom: [{env: A}], match: {branches: []}}",
        "spec.webhooks[0].match.branches",
        "patterns",
    ),
    ("{name: a, kind: ocir, match: {image: [x]}}", "spec.webhooks[0].match.image", "did you mean images"),
]


@pytest.mark.parametrize(("text", "field", "advice"), MISTAKES)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str, field: str, advice: str):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/shop.yaml:{FIRST_LINE}: {field}: ")
    assert advice in message
    assert "hunter2" not in message


def test_two_webhooks_of_one_name_are_told_apart_by_line(tmp_path: Path):
    with pytest.raises(ConfigError, match=rf":{FIRST_LINE + 1}: spec.webhooks\[1\].name: .*two webhooks"):
        load(tmp_path, "{name: a, kind: ocir}", "{name: a, kind: oci-devops}")


def test_the_schema_says_no_key_twice():
    """Of two definitions of one name, a reader of JSON keeps the last, and tells nobody."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), [name for name, _ in pairs]
        return dict(pairs)

    json.loads(files("kubestandby").joinpath("protection-group.schema.json").read_bytes(), object_pairs_hook=once)
