import pytest

from kubestandby.adapters.store_urls import S3Bucket, overlap, s3_bucket
from kubestandby.adapters.stores import open_store
from kubestandby.errors import ConfigError

OURS = "s3://east-data?endpoint=https://s3.example.com:9000"


def test_url_says_bucket_prefix_region_and_endpoint() -> None:
    assert s3_bucket("s3://east-data") == S3Bucket("east-data")
    assert s3_bucket("s3://east-data/apps/shop?region=eu-central-1") == S3Bucket(
        "east-data", "apps/shop/", "eu-central-1"
    )
    assert s3_bucket(OURS).endpoint == "https://s3.example.com:9000"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3://AK:SK@east-data", "holds no credentials; set AWS_ACCESS_KEY_ID"),
        ("s3://b?endpoint=https://AK:SK@host", "holds no credentials"),
        ("s3://east-data?endpoint=https://AK:SK@host", "holds no credentials"),
        ("s3://East", "is not a bucket of S3; write it as s3://BUCKET"),
        ("s3://east-data#x", "is not a bucket of S3"),
        ("s3://east-data/a//b", "has a prefix that is none"),
        ("s3://east-data/../b", "has a prefix that is none"),
        ("s3://east-data?region=eu central", "is no region's name"),
        ("s3://east-data?acl=public", "there is no option 'acl'; the options are region, endpoint"),
        ("s3://east-data?endpoint=s3.example.com", "is not an address like https://"),
        ("s3://east-data?endpoint=https://host/path", "is not an address like https://"),
        ("s3://east-data?endpoint=http://s3.example.com", "http:// is for this machine's own service only"),
    ],
)
def test_malformed_url_is_a_sentence_without_credentials(url: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        open_store(url)
    assert "SK@" not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (OURS, True),
        (f"{OURS}&region=us-east-1", True),
        ("s3://east-data/shop?endpoint=https://s3.example.com:9000", True),
        ("s3://east-data?endpoint=https://s3.example.org", False),
        ("s3://east-control?endpoint=https://s3.example.com:9000", False),
        ("s3://east-data-2?endpoint=https://s3.example.com:9000", False),
    ],
)
def test_buckets_share_a_place_only_at_one_endpoint(other: str, shared: bool) -> None:
    assert overlap(OURS, other) is shared
