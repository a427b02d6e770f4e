"""What `deploy/knative` is: hardened, least of rights, private but for webhooks, the same for both sites."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.adapters.group_file import load_groups
from kubestandby.cli.main import main
from kubestandby.layout import Function
from kubestandby.rights.grants import Duty
from kubestandby.rights.subjects import account
from kubestandby.runtime import relaying
from kubestandby.runtime.trust import TRUSTED_VARIABLE
from tests.knative.rendering import ROOT, SOURCES, Object, changed, of_kind, pod_of, rendered, services

DOCUMENT = (ROOT / "docs" / "install-onprem.md").read_text(encoding="utf-8")
_VISIBILITY = "networking.knative.dev/visibility"


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return rendered()


@pytest.fixture(scope="module")
def with_webhooks(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    return changed(tmp_path_factory.mktemp("knative") / "east", site="east", webhooks=True)


def _environment(workload: Object) -> dict[str, Any]:
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in pod_of(workload)["containers"][0]["env"]}


def _paths(workload: Object) -> set[str]:
    sources = pod_of(workload)["volumes"][0]["projected"]["sources"]
    parts = (part for source in sources for part in source.values())
    return {item["path"] for part in parts for item in part.get("items", ())}


def test_the_three_functions_are_there_and_reached_from_within_only(objects: list[Object]) -> None:
    found = services(objects)

    assert set(found) == {str(function) for function in Function}
    assert {one["metadata"]["labels"][_VISIBILITY] for one in found.values()} == {"cluster-local"}


def test_what_others_reach_trusts_nobody(with_webhooks: list[Object]) -> None:
    public = {
        name: one for name, one in services(with_webhooks).items() if _VISIBILITY not in one["metadata"]["labels"]
    }

    assert set(public) == {"webhooks"}
    assert TRUSTED_VARIABLE not in _environment(public["webhooks"])


def test_only_export_trusts_the_network_of_the_cluster(objects: list[Object]) -> None:
    assert [name for name, one in services(objects).items() if TRUSTED_VARIABLE in _environment(one)] == ["export"]


def test_containers_are_confined(with_webhooks: list[Object]) -> None:
    workloads = [*services(with_webhooks).values(), *of_kind(with_webhooks, "Deployment").values()]

    assert len(workloads) == 5
    for workload in workloads:
        pod, container = pod_of(workload), pod_of(workload)["containers"][0]
        context = {**pod.get("securityContext", {}), **container["securityContext"]}
        assert (context["runAsNonRoot"], context["runAsUser"], context["readOnlyRootFilesystem"]) == (True, 1000, True)
        assert (context["allowPrivilegeEscalation"], context["capabilities"]) == (False, {"drop": ["ALL"]})
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/etc/kubestandby", "/tmp"}


def test_each_function_has_its_own_keys_and_no_other(with_webhooks: list[Object]) -> None:
    keys = {name: {path for path in _paths(one) if "/sites/" in path} for name, one in services(with_webhooks).items()}

    export = {"keys/sites/east/export.key", "keys/sites/east/fingerprint.key"}
    assert keys == {
        "export": export,
        "webhooks": export,
        "sanitize": {"keys/sites/east/sanitize.key"},
        "restore": {"keys/sites/east/restore.key", "keys/sites/east/unseal.age"},
    }


def test_a_call_ends_before_its_time_is_over(objects: list[Object]) -> None:
    for service in services(objects).values():
        limit = service["spec"]["template"]["spec"]["timeoutSeconds"]
        assert _environment(service)["KUBESTANDBY_TIME_LIMIT_SECONDS"] == str(limit)
        assert service["spec"]["template"]["spec"]["responseStartTimeoutSeconds"] == limit


def test_the_accounts_are_those_that_rights_are_printed_for(objects: list[Object]) -> None:
    namespace = {one["metadata"]["namespace"] for one in objects}
    names = {pod_of(one)["serviceAccountName"] for one in services(objects).values()}

    assert {account(duty).name for duty in Duty} <= names <= set(of_kind(objects, "ServiceAccount"))
    assert {account(duty).namespace for duty in Duty} == namespace


def test_who_asks_no_cluster_gets_no_token(objects: list[Object]) -> None:
    accounts = of_kind(objects, "ServiceAccount")

    without = {name for name, one in accounts.items() if one.get("automountServiceAccountToken") is False}
    assert without == {"kubestandby-sanitize", "kubestandby-relay"}


def test_timers_send_calls_that_export_knows(objects: list[Object]) -> None:
    sources = of_kind(objects, "PingSource")

    assert {name: yaml.safe_load(one["spec"]["data"])["action"] for name, one in sources.items()} == {
        "tick": "tick",
        "export-shop": "export",
    }
    assert {one["spec"]["sink"]["ref"]["name"] for one in sources.values()} == {"export"}


def test_the_relay_finds_the_functions(objects: list[Object]) -> None:
    relay = of_kind(objects, "Deployment")["kubestandby-relay"]
    places = relaying.Places(_environment(relay)[relaying.HOST_VARIABLE])

    assert {places.host(function) for function in Function} == {
        f"{name}.{one['metadata']['namespace']}.svc.cluster.local" for name, one in services(objects).items()
    }
    assert pod_of(relay)["containers"][0]["command"][-1] == relaying.__name__


def test_no_secret_is_in_the_manifests(objects: list[Object]) -> None:
    assert of_kind(objects, "Secret") == {}


def test_the_example_is_a_configuration() -> None:
    groups = load_groups(Path(SOURCES / "groups.yaml"))

    assert [group.name for group in groups] == ["shop"]
    assert all(site.cluster.in_cluster for site in groups[0].sites)


def test_every_secret_and_config_map_that_is_needed_is_made_by_the_document(with_webhooks: list[Object]) -> None:
    made = set(re.findall(r"create (?:secret generic|configmap) (kubestandby-[a-z0-9-]+)", DOCUMENT))
    generated = set(of_kind(with_webhooks, "ConfigMap"))

    assert made == _named(with_webhooks) - generated


def _named(objects: list[Object]) -> set[str]:
    """Names of the Secrets and ConfigMaps that containers get something from."""
    pods = [pod_of(one) for one in (*services(objects).values(), *of_kind(objects, "Deployment").values())]
    volumes = [volume for pod in pods for volume in pod["volumes"]]
    sources = [source for volume in volumes for source in volume.get("projected", {"sources": [volume]})["sources"]]
    parts = [source.get("secret") or source.get("configMap") for source in sources]
    values = [one["valueFrom"] for pod in pods for one in pod["containers"][0]["env"] if "valueFrom" in one]
    keys = [value.get("secretKeyRef") or value["configMapKeyRef"] for value in values]
    return {one["name"] for one in (*parts, *keys) if one}


def test_every_command_of_the_document_is_one() -> None:
    named = set(re.findall(r"^\$ (?:sudo )?kubestandby ([a-z]+)", DOCUMENT, re.MULTILINE))

    assert {"doctor", "export", "verify", "plan", "rbac", "keys", "snapshots"} == named
    assert named <= set(main.commands)


@pytest.mark.parametrize(
    "path",
    sorted(set(re.findall(r"\]\(([a-z-]+\.md)[#)]", DOCUMENT))),
)
def test_every_page_that_is_linked_is_there(path: str) -> None:
    assert (ROOT / "docs" / path).exists()


def test_the_configuration_of_the_document_is_one(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(apiVersion: kubestandby.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    file = tmp_path / "groups.yaml"
    file.write_text(example[1])

    assert [site.name for site in load_groups(file)[0].sites] == ["east", "west"]


def test_the_policy_of_the_document_lets_nobody_overwrite_or_delete_what_counts() -> None:
    example = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    statements = {one["Action"]: one for one in json.loads(example[1])["Statement"]}

    assert set(statements) == {"s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject"}
    assert statements["s3:PutObject"]["Condition"] == {"Null": {"s3:if-none-match": "false"}}
    deleted = {arn.partition("/")[2] for arn in statements["s3:DeleteObject"]["Resource"]}
    assert deleted == {"imports/*", "deliveries/*", "doctor/*"}
