"""Buckets: private, encrypted, with events, and nothing that a recovery needs goes by age."""

import pytest

from tests.terraform.running import Applied

pytestmark = pytest.mark.xdist_group("terraform")


def test_every_bucket_is_private_and_encrypted_by_a_key_of_its_own_region(applied: Applied) -> None:
    buckets = applied.of("oci_objectstorage_bucket")

    assert len(buckets) in (4, 6)
    for bucket in buckets:
        assert bucket.values["access_type"] == "NoPublicAccess"
        key = applied.one("oci_kms_key", bucket.values["kms_key_id"])
        own, other = ("module.first", "module.second")[:: 1 if bucket.address.startswith("module.first") else -1]
        is_copy = ".replication[" in bucket.address
        assert key.address.startswith(other if is_copy else own)


def test_every_bucket_of_the_pipeline_emits_events(applied: Applied) -> None:
    for bucket in applied.of("oci_objectstorage_bucket"):
        assert bucket.values["object_events_enabled"] is (".replication[" not in bucket.address)


def test_bucket_has_versions_or_a_retention_rule_and_never_both(applied: Applied) -> None:
    for bucket in applied.of("oci_objectstorage_bucket"):
        versioned, retained = bucket.values["versioning"] == "Enabled", bool(bucket.values["retention_rules"])
        if ".replication[" in bucket.address:
            assert not versioned
            assert not retained
        else:
            assert versioned != retained
            assert versioned is (bucket.key == "control")


def test_lifecycle_deletes_heartbeats_and_old_versions_only(applied: Applied) -> None:
    for policy in applied.of("oci_objectstorage_object_lifecycle_policy"):
        for rule in policy.values["rules"]:
            if rule["action"] == "DELETE" and rule["target"] == "objects":
                assert rule["object_name_filter"][0]["inclusion_prefixes"] == ["doctor/", "heartbeats/"]
            else:
                assert (rule["action"], rule["target"]) in {
                    ("ABORT", "multipart-uploads"),
                    ("DELETE", "previous-object-versions"),
                }


def test_heartbeats_outlive_the_retention_rule(applied: Applied) -> None:
    for policy in applied.of("oci_objectstorage_object_lifecycle_policy"):
        bucket = next(b for b in applied.of("oci_objectstorage_bucket") if b.values["name"] == policy.values["bucket"])
        kept = [int(rule["duration"][0]["time_amount"]) for rule in bucket.values["retention_rules"]]
        deleted = [int(r["time_amount"]) for r in policy.values["rules"] if r["name"] == "delete-old-heartbeats"]
        assert not deleted or deleted >= kept


def test_copy_is_made_in_the_other_region_where_asked_for(applied_examples: dict[str, Applied]) -> None:
    counts = {name: len(one.of("oci_objectstorage_replication_policy")) for name, one in applied_examples.items()}

    assert counts == {"oke-to-oke": 0, "oke-to-onprem": 2, "onprem-to-onprem": 0}
    for policy in applied_examples["oke-to-onprem"].of("oci_objectstorage_replication_policy"):
        is_first = policy.address.startswith("module.first")
        assert policy.values["destination_region_name"] == ("eu-amsterdam-1" if is_first else "eu-frankfurt-1")


def test_both_sites_keep_for_as_long(applied: Applied) -> None:
    kept = [
        (rule["duration"][0]["time_amount"], rule["duration"][0]["time_unit"], rule["time_rule_locked"])
        for bucket in applied.of("oci_objectstorage_bucket")
        for rule in bucket.values["retention_rules"]
    ]

    assert len(kept) == 2
    assert kept[0] == kept[1]
