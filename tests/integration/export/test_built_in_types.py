"""The table of types that an import goes by where no server can be asked, held against a server."""

import pytest

from functions.export.built_in_types import BUILT_IN_TYPES
from kubestandby.adapters.kube_cluster import connect
from kubestandby.groups import ClusterAccess as Access
from kubestandby.resources import BUILT_IN_GROUPS
from tests.testbed.access import ClusterAccess

pytestmark = pytest.mark.clusters


def test_every_type_that_a_server_serves_is_in_the_table(primary: ClusterAccess) -> None:
    served = connect(Access(kubeconfig=primary.kubeconfig), site="east").discover().types
    built_in = {t.gvk.group_kind: (t.plural, t.namespaced) for t in served if t.gvk.group in BUILT_IN_GROUPS}
    assert len(built_in) > 50
    known = {kind: (type_.plural, type_.namespaced) for kind, type_ in BUILT_IN_TYPES.items()}
    assert {kind: known.get(kind) for kind in built_in} == built_in
