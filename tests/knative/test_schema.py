"""Every object of `deploy/knative` is taken by a real API server, with strict validation of fields.

What this proves: names, types and required fields, of Kubernetes' own kinds against the server's own schemas and
admission, of Knative's against the schemas in `definitions`. What it does not: what Knative's webhooks and controllers
make of them.
"""

import copy
import json
from collections.abc import Callable, Iterator

import pytest

from tests.knative.definitions import DEFINITIONS
from tests.knative.rendering import Object, changed, services
from tests.testbed.access import ClusterAccess
from tests.testbed.kubectl import KubectlError

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("knative")]

_NAMESPACE = "knative-manifests"


@pytest.fixture(scope="module")
def server(primary: ClusterAccess) -> Iterator[ClusterAccess]:
    names = [one["metadata"]["name"] for one in DEFINITIONS]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}}
    primary.kubectl("apply", "-f", "-", stdin=_list([namespace, *map(dict, DEFINITIONS)]))
    primary.kubectl("wait", "--for=condition=Established", "--timeout=60s", *(f"crd/{name}" for name in names))
    yield primary
    primary.kubectl("delete", "--wait=false", "namespace", _NAMESPACE)
    primary.kubectl("delete", "--wait=false", "crd", *names)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    made = changed(tmp_path_factory.mktemp("knative") / "west", webhooks=True)
    for one in made:
        one["metadata"]["namespace"] = _NAMESPACE
    return made


def test_the_server_takes_every_object(server: ClusterAccess, objects: list[Object]) -> None:
    said = _dry_run(server, objects).splitlines()

    assert len(said) == len(objects)
    assert all("created (server dry run)" in line for line in said), said


def _misspell(pod: Object) -> None:
    pod["containerConcurency"] = pod.pop("containerConcurrency")


def _mistype(pod: Object) -> None:
    pod["timeoutSeconds"] = "300"


def _privilege(pod: Object) -> None:
    pod["containers"][0]["securityContext"]["privileged"] = True


def _forget(pod: Object) -> None:
    del pod["containers"][0]["image"]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_misspell, "containerConcurency"),
        (_mistype, "timeoutSeconds"),
        (_privilege, "privileged"),
        (_forget, "image"),
    ],
    ids=["misspelt", "mistyped", "privileged", "forgotten"],
)
def test_and_would_refuse_a_wrong_one(
    spoil: Callable[[Object], None], named: str, server: ClusterAccess, objects: list[Object]
) -> None:
    service = copy.deepcopy(services(objects)["export"])
    spoil(service["spec"]["template"]["spec"])

    with pytest.raises(KubectlError, match=named):
        _dry_run(server, [service])


def _dry_run(server: ClusterAccess, objects: list[Object]) -> str:
    return server.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=_list(objects))


def _list(objects: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
