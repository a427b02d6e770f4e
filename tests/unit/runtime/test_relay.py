"""Which object concerns which function."""

import pytest

from kubestandby.adapters.event_wire import decode
from kubestandby.layout import Function
from kubestandby.runtime.relay import event_call, function_for

TIME = "20261122T165000.000000Z"


@pytest.mark.parametrize(
    ("key", "function"),
    [
        (f"requests/shop/{TIME}-export-1a.json", Function.EXPORT),
        (f"requests/shop/{TIME}-export-1a.2.json", Function.EXPORT),
        (f"requests/shop/{TIME}-sanitize-1a.json", Function.SANITIZE),
        (f"requests/shop/{TIME}-restore-1a.json", Function.RESTORE),
        (f"requests/shop/{TIME}-plan-1a.json", Function.RESTORE),
        (f"requests/shop/{TIME}-failover-1a.json", Function.RESTORE),
        ("raw/shop/1-7/index.json", Function.SANITIZE),
        ("sanitized/shop/1-7/index.json", Function.RESTORE),
        ("raw/shop/1-7/snapshot.tar.gz", None),
        (f"outcomes/shop/{TIME}-export-1a.json", None),
        ("epochs/shop/2.json", None),
        ("reports/shop/1-7/x-sync.json", None),
        (".writing/tmpabc", None),
        ("", None),
    ],
)
def test_an_object_concerns_one_function_or_none(key: str, function: Function | None):
    assert function_for(key) is function


def test_an_event_call_carries_the_object():
    call = event_call(Function.RESTORE, "file:///west/data", "sanitized/shop/1-7/index.json")

    event = decode(call.headers, call.body)

    assert (event.bucket, event.key) == ("file:///west/data", "sanitized/shop/1-7/index.json")
