"""What docs/webhooks.md shows is what is read and taken."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.adapters.group_file import load_groups
from kubestandby.groups import SecretReference, Webhook, WebhookKind
from tests.unit.webhooks.hooks import HookedWorld, Sent, argocd, webhook
from tests.unit.webhooks.test_configuration import GROUP

PAGE = Path(__file__).parents[3] / "docs" / "webhooks.md"
TOOLS = ("sh", "openssl", "base64", "od", "sed", "tr")


def blocks(language: str) -> Iterator[str]:
    return (found[1] for found in re.finditer(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL))


def test_the_configuration_that_it_shows_is_read(tmp_path: Path):
    shown = next(blocks("yaml")).removeprefix("spec:\n  webhooks:\n")
    (tmp_path / "shop.yaml").write_text(GROUP + shown)

    (group,) = load_groups(tmp_path / "shop.yaml")

    assert [(one.name, one.kind) for one in group.webhooks] == [("deploys", WebhookKind.GITHUB)]


def test_every_kind_is_in_its_table():
    rows = re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)

    assert rows == [str(kind) for kind in WebhookKind]


def test_argocds_template_makes_a_body_that_is_taken():
    manifest = next(found for found in blocks("yaml") if "argocd-notifications-cm" in found)
    template = yaml.safe_load(yaml.safe_load(manifest)["data"]["template.kubestandby"])
    images = '["registry.example/shop/web:1.0"]'
    filled = re.sub(r"{{[^}]*toJson}}", images, template["webhook"]["kubestandby"]["body"])
    body: dict[str, Any] = json.loads(re.sub(r"{{[^}]*}}", "shop", filled))

    answer = HookedWorld(webhook("argocd")).send(argocd(body), "/webhooks/shop/argocd")

    assert answer.status == 202


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")
def test_the_shell_commands_sign_a_delivery(tmp_path: Path):
    make = re.search(r"made with `(.*?)`", PAGE.read_text())
    sign = next(found for found in blocks("sh") if "webhook-signature" in found)
    assert make
    tell = 'printf "%s\\n" "$body" "$id" "$now" "v1,$signature"'
    (tmp_path / "keys").mkdir()

    script = f"{make[1]}\n{sign.partition('curl ')[0]}\n{tell}\n"
    out = subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, check=True, text=True).stdout

    body, identity, now, signature = out.splitlines()
    headers = {"webhook-id": identity, "webhook-timestamp": now, "webhook-signature": signature}
    secrets = (SecretReference(file=tmp_path / "keys/pipeline.secret"),)
    world = HookedWorld(Webhook(name="pipeline", kind=WebhookKind.STANDARD, secrets=secrets))
    world.clock.advance(int(now) - world.clock.now().timestamp())
    assert world.send(Sent(headers, body.encode()), "/webhooks/shop/pipeline").status == 202
