"""Taking away what others have set, while they go on writing: tried again a few times, never for ever."""

import pytest

from functions.restore.sending import send_exactly
from kubestandby.errors import ClusterError
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import config_map, desired, namespace, standby
from tests.unit.restore.test_policies import edit

OURS = desired(config_map(color="blue"))


@pytest.fixture
def cluster() -> FakeCluster:
    made = standby(namespace())
    made.apply(OURS.resource, OURS.manifest)
    edit(made, "kubectl-edit", extra="theirs")
    return made


def refuse_to_replace(cluster: FakeCluster, status: int, times: int) -> None:
    cluster.fail("replace", ClusterError(f"{status} refused", status=status, reason="refused"), times=times)


def replacements(cluster: FakeCluster) -> int:
    return sum(call[0] == "replace" for call in cluster.calls)


@pytest.mark.parametrize("writes_between", [0, 1, 3])
def test_who_writes_in_between_a_few_times_is_waited_out(cluster: FakeCluster, writes_between: int) -> None:
    refuse_to_replace(cluster, 409, writes_between)

    sent = send_exactly(cluster, OURS)

    assert sent.manifest["data"] == {"color": "blue"}
    assert replacements(cluster) == writes_between + 1


@pytest.mark.parametrize(("status", "tries"), [(409, 4), (422, 1)], ids=["always-written", "invalid"])
def test_what_stays_refused_is_told(cluster: FakeCluster, status: int, tries: int) -> None:
    refuse_to_replace(cluster, status, -1)

    with pytest.raises(ClusterError, match=str(status)):
        send_exactly(cluster, OURS)

    assert replacements(cluster) == tries
