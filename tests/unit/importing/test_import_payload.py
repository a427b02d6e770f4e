"""What a request to import brings along: written once, checked before it is read, never more than allowed."""

import gzip
import io
from dataclasses import replace

import pytest

from kubestandby import layout
from kubestandby.codec import sha256_hex
from kubestandby.errors import FormatError, IntegrityError, ManifestError, UnsealError
from kubestandby.import_payload import ImportedObject, PayloadLimits, PayloadWriter, open_payload, payload_names
from kubestandby.keys.sealed_stream import SealingWriter
from kubestandby.requests import ImportOrder
from kubestandby.snapshots import GroupName, SiteName
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import EAST, WEST, key_bundle, recipients
from tests.fakes.memory_store import MemoryStore
from tests.unit.importing.importing import SHOP, config_map


def writer_of(limits: PayloadLimits | None = None) -> PayloadWriter:
    return PayloadWriter(SHOP, recipients(), FakeClock(), limits or PayloadLimits())


def uploaded(store: MemoryStore, *names: str, limits: PayloadLimits | None = None) -> ImportOrder:
    with writer_of(limits) as writer:
        for name in names:
            writer.add(f"f:{name}", config_map(name))
        return writer.upload(store)


def put(store: MemoryStore, data: bytes) -> ImportOrder:
    """An order for bytes that somebody has sealed as a payload of ours."""
    name, spool = uploaded(store, "a").payload, io.BytesIO()
    sealed = SealingWriter(spool, recipients(), ("import", SHOP, name))
    sealed.write(data)
    sealed.close()
    store.objects[layout.import_key(SHOP, name)] = spool.getvalue()
    return order_of(name, spool.getvalue())


def order_of(name: str, data: bytes) -> ImportOrder:
    return ImportOrder(payload=name, sha256=sha256_hex(data), size=len(data))


def read(
    store: MemoryStore,
    order: ImportOrder,
    limits: PayloadLimits | None = None,
    group: GroupName = SHOP,
    site: SiteName = EAST,
) -> list[ImportedObject]:
    with open_payload(store, group, order, key_bundle().unwrappers(site), limits or PayloadLimits()) as payload:
        assert list(payload.objects()) == list(payload.objects())
        return list(payload.objects())


def test_manifests_come_out_as_they_went_in_with_their_origin() -> None:
    store = MemoryStore()
    order = uploaded(store, "a", "b")
    assert read(store, order) == [ImportedObject("f:a", config_map("a")), ImportedObject("f:b", config_map("b"))]


def test_every_upload_has_a_name_of_its_own() -> None:
    store = MemoryStore()
    names = {uploaded(store, "a").payload, uploaded(store, "a").payload}
    assert set(payload_names(store, SHOP)) == names
    assert len(names) == 2


def test_a_payload_with_other_bytes_is_refused_before_it_is_read() -> None:
    store = MemoryStore()
    order = uploaded(store, "a")
    store.objects[layout.import_key(SHOP, order.payload)] = store.objects.pop(
        layout.import_key(SHOP, uploaded(store, "b").payload)
    )
    with pytest.raises(IntegrityError, match="not the one that was uploaded"):
        read(store, order)


def test_a_payload_that_is_gone_is_refused() -> None:
    store = MemoryStore()
    order = uploaded(store, "a")
    store.delete(layout.import_key(SHOP, order.payload))
    with pytest.raises(IntegrityError, match="import the files again"):
        read(store, order)


@pytest.mark.parametrize("name", ["", "../epochs/shop/1", "20261122T120000.000000Z-ABCDEF01", "x"])
def test_a_request_cannot_name_any_other_object(name: str) -> None:
    store = MemoryStore()
    with pytest.raises(FormatError, match="names no payload"):
        read(store, replace(uploaded(store, "a"), payload=name))


def test_a_size_beyond_the_limit_is_refused_unread() -> None:
    store = MemoryStore()
    with pytest.raises(FormatError, match="names no payload that this version takes"):
        read(store, replace(uploaded(store, "a"), size=513 * 1024 * 1024))


def test_more_plain_bytes_than_allowed_are_refused() -> None:
    store = MemoryStore()
    order = uploaded(store, "a", "b")
    with pytest.raises(FormatError, match="more than an import may"):
        read(store, order, PayloadLimits(plain_bytes=150))


def test_a_line_beyond_the_limit_is_refused() -> None:
    store = MemoryStore()
    order = uploaded(store, "a")
    with pytest.raises(FormatError, match="more than an import may"):
        read(store, order, PayloadLimits(line_bytes=50))


def test_more_objects_than_allowed_are_refused() -> None:
    store = MemoryStore()
    order = uploaded(store, "a", "b")
    assert len(read(store, order, PayloadLimits(objects=2))) == 2
    with pytest.raises(FormatError, match="more than an import may"):
        read(store, order, PayloadLimits(objects=1))


def test_the_writer_refuses_what_no_reader_would_take() -> None:
    with pytest.raises(ManifestError, match="f:b: more than 1 objects"):
        uploaded(MemoryStore(), "a", "b", limits=PayloadLimits(objects=1))
    with pytest.raises(ManifestError, match=r"f:a: \d+ bytes for one object"):
        uploaded(MemoryStore(), "a", limits=PayloadLimits(line_bytes=10))
    with pytest.raises(ManifestError, match="bytes when packed"):
        uploaded(MemoryStore(), "a", limits=PayloadLimits(packed_bytes=10))


@pytest.mark.parametrize("value", ["\ud800", [[[[]]]]])
def test_what_json_cannot_hold_is_refused_with_its_origin(value: object) -> None:
    deep: object = value
    for _ in range(300):
        deep = [deep]
    with writer_of() as writer, pytest.raises(ManifestError, match="f:1: nested too deeply, or with half"):
        writer.add("f:1", {"data": deep})


@pytest.mark.parametrize("line", [b"{", b"[1]", b'["f:1", 1]', b"[1, {}]", b"\xff"])
def test_lines_that_are_not_in_our_form_are_refused(line: bytes) -> None:
    store = MemoryStore()
    order = put(store, gzip.compress(line + b"\n"))
    with pytest.raises(FormatError, match="line 1 is not in our form; import the files again"):
        read(store, order)


@pytest.mark.parametrize("data", [b"plain text", gzip.compress(b'["f", {}]\n' * 1000)[:-9]], ids=["plain", "cut"])
def test_what_is_not_gzip_to_its_end_is_refused(data: bytes) -> None:
    store = MemoryStore()
    order = put(store, data)
    with pytest.raises(FormatError, match="is not gzip"):
        read(store, order)


def test_nothing_of_a_payload_is_in_clear_in_the_bucket() -> None:
    store = MemoryStore()
    with writer_of() as writer:
        writer.add("f:1", {"kind": "Secret", "stringData": {"password": "correct horse"}})
        order = writer.upload(store)

    stored = store.objects[layout.import_key(SHOP, order.payload)]

    header, _, body = stored.partition(b"\n")
    assert b"age" in header
    assert b"\x1f\x8b" not in body[:64]  # not gzip, which anybody could read
    assert not any(word in stored for word in (b"correct horse", b"Secret", b"password"))


def test_a_payload_opens_at_the_site_that_imports_it_only() -> None:
    store = MemoryStore()
    order = uploaded(store, "a")
    with pytest.raises(UnsealError, match="sealed for other keys"):
        read(store, order, site=WEST)


def test_a_payload_moved_to_another_group_does_not_open() -> None:
    store, other = MemoryStore(), GroupName("bank")
    order = uploaded(store, "a")
    store.objects[layout.import_key(other, order.payload)] = store.objects[layout.import_key(SHOP, order.payload)]
    with pytest.raises(UnsealError, match="it was sealed as another one"):
        read(store, order, group=other)


def test_a_payload_under_the_name_of_another_does_not_open() -> None:
    store = MemoryStore()
    ours, theirs = uploaded(store, "a"), uploaded(store, "b")
    data = store.objects[layout.import_key(SHOP, theirs.payload)]
    store.objects[layout.import_key(SHOP, ours.payload)] = data
    with pytest.raises(UnsealError, match="it was sealed as another one"):
        read(store, order_of(ours.payload, data))


def test_a_payload_in_clear_is_refused() -> None:
    store = MemoryStore()
    name, data = uploaded(store, "a").payload, gzip.compress(b'["f:1", {}]\n')
    store.objects[layout.import_key(SHOP, name)] = data
    with pytest.raises(FormatError, match=r"payload imports/shop/.* is not sealed"):
        read(store, order_of(name, data))


def test_spools_hold_nothing_in_clear() -> None:
    with writer_of() as writer:
        writer.add("f:1", {"kind": "Secret", "stringData": {"password": "correct horse"}})
        writer.upload(MemoryStore())
        writer._spool.seek(0)
        spooled = writer._spool.read()
    assert b"correct horse" not in spooled
    assert b"\x1f\x8b\x08" not in spooled.partition(b"\n")[2][:64]
