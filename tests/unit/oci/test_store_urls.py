import pytest

from kubestandby.adapters.store_urls import OciBucket, oci_bucket, overlap, placed
from kubestandby.errors import ConfigError
from kubestandby.events import ObjectCreated

EAST = "oci://axtest/east-data?region=us-ashburn-1"
SHOP = "oci://axtest/east-data/apps/shop?region=us-ashburn-1"


def created(bucket: str, key: str) -> ObjectCreated:
    return ObjectCreated(bucket=bucket, key=key, event_id="1")


def test_url_says_namespace_bucket_region_and_prefix() -> None:
    assert oci_bucket(EAST) == OciBucket("axtest", "east-data", "us-ashburn-1")
    assert oci_bucket(SHOP) == OciBucket("axtest", "east-data", "us-ashburn-1", "apps/shop/")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("oci://axtest/east-data", "does not say its region; add"),
        ("oci://axtest?region=us-ashburn-1", "is not a bucket of OCI; write it as oci://NAMESPACE/BUCKET"),
        ("oci:///east?region=us-ashburn-1", "is not a bucket of OCI"),
        ("oci://axtest/east-data?region=", "does not say its region"),
        ("oci://axtest/east-data?region=Ashburn", "is no region's name; write it as in us-ashburn-1"),
        ("oci://axtest/east-data?region=us-ashburn-1.evil.example", "is no region's name"),
        ("oci://axtest/east-data?region=us-ashburn-1&x=y", "there is no option 'x'; the options are region"),
        ("oci://axtest/east-data?region=us-ashburn-1&region=us-phoenix-1", "says an option twice"),
        ("oci://axtest/east-data?region=us-ashburn-1#x", "is not a bucket of OCI"),
        ("oci://axtest/east-data/?region=us-ashburn-1&", None),
        ("oci://axtest/east-data/shop/?region=us-ashburn-1", "has a prefix that is none"),
        ("oci://axtest/east-data/a//b?region=us-ashburn-1", "has a prefix that is none"),
        ("oci://axtest/east-data/../b?region=us-ashburn-1", "has a prefix that is none"),
        ("oci://user@axtest/east-data?region=us-ashburn-1", "is not a bucket of OCI"),
    ],
)
def test_malformed_url_is_a_sentence(url: str, problem: str | None) -> None:
    if problem is None:
        assert oci_bucket(url).prefix == ""
        return
    with pytest.raises(ConfigError) as raised:
        oci_bucket(url)

    assert problem in str(raised.value)


def test_event_of_oci_is_found_by_namespace_and_bucket() -> None:
    event = created("oci://axtest/east-data", "raw/shop/1-1/index.json")

    found = placed(event, ["file:///data", EAST])

    assert found == created(EAST, "raw/shop/1-1/index.json")


def test_event_under_a_prefix_has_its_key_without_it() -> None:
    assert placed(created("oci://axtest/east-data", "apps/shop/raw/x"), [SHOP]) == created(SHOP, "raw/x")
    assert placed(created("oci://axtest/east-data", "apps/shop-2/raw/x"), [SHOP]) is None


def test_event_of_a_folder_is_found_by_its_url() -> None:
    event = created("file:///data", "raw/x")

    assert placed(event, [EAST, "file:///data"]) == event
    assert placed(event, [EAST]) is None


def test_buckets_overlap_where_one_lies_inside_the_other() -> None:
    assert overlap(EAST, SHOP)
    assert overlap(SHOP, SHOP)
    assert not overlap(SHOP, "oci://axtest/east-data/apps/shop-2?region=us-ashburn-1")
    assert not overlap(EAST, "oci://axtest/east-data-2?region=us-ashburn-1")


def test_buckets_that_differ_in_their_region_only_overlap() -> None:
    assert overlap(EAST, EAST.replace("ashburn", "phoenix"))
