"""Image references move by parsed registry and repository, wherever a pod or a declared field names one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.sanitize.image_account import ImageAccount
from functions.sanitize.transform_images import moved_image
from functions.sanitize.transforming import Transforming
from kubestandby.errors import ManifestError
from kubestandby.image_reference import ImagePlace, ImageReference
from kubestandby.snapshots import ImageUse
from kubestandby.transforms import (
    DropTransform,
    FieldPath,
    ImageRule,
    ImageTransform,
    NamespaceTransform,
    PatchOperation,
    PatchTransform,
    Selector,
    Unmatched,
)
from tests.unit.sanitize.samples import Json, bare
from tests.unit.sanitize.transforms.transforming import fields_changed, pod_spec_of, transformed, workload

DIGEST = f"sha256:{'ab' * 32}"
KINDS = (
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
)


def rule(source: str, target: str) -> ImageRule:
    return ImageRule(source=ImagePlace.parse(source), target=ImagePlace.parse(target))


def images(*rules: ImageRule, **more: object) -> ImageTransform:
    return ImageTransform(name="images", rules=rules, **more)  # type: ignore[arg-type]


EAST_TO_WEST = images(rule("east.example.com/shop", "west.example.com/dr/shop"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_image_of_every_kind_with_pods_moves(kind: str) -> None:
    old, new = "east.example.com/shop/web:1", "west.example.com/dr/shop/web:1"
    lists = ("containers", "initContainers", "ephemeralContainers")
    spec: Json = {name: [{"name": "a", "image": old}, {"name": "b", "image": old}] for name in lists}
    spec["volumes"] = [{"name": "v", "image": {"reference": old}}, {"name": "w", "emptyDir": {}}]

    after = pod_spec_of(transformed(workload(kind, **spec), EAST_TO_WEST))

    assert {item["image"] for name in lists for item in after[name]} == {new}
    assert after["volumes"] == [{"name": "v", "image": {"reference": new}}, {"name": "w", "emptyDir": {}}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nginx", "mirror.example.com/hub/library/nginx"),
        ("nginx:1.27", "mirror.example.com/hub/library/nginx:1.27"),
        ("docker.io/nginx", "mirror.example.com/hub/library/nginx"),
        ("index.docker.io/team/api", "mirror.example.com/hub/team/api"),
        ("team/api:1", "mirror.example.com/hub/team/api:1"),
        (f"team/api@{DIGEST}", f"mirror.example.com/hub/team/api@{DIGEST}"),
        (f"team/api:1@{DIGEST}", f"mirror.example.com/hub/team/api:1@{DIGEST}"),
        ("localhost:5000/api:1", "local.example.com/api:1"),
        ("localhost/api", "localhost/api"),
        ("Registry.Example.com:443/a/b:1", "new.example.com/b:1"),
        ("registry.example.com/a/b:1", "registry.example.com/a/b:1"),
        ("registry.example.com:443/ab/b:1", "registry.example.com:443/ab/b:1"),
        ("quay.io/team/api", "quay.io/team/api"),
    ],
)
def test_references_are_parsed_as_runtimes_parse_them(before: str, after: str) -> None:
    transform = images(
        rule("docker.io", "mirror.example.com/hub"),
        rule("localhost:5000", "local.example.com"),
        rule("registry.example.com:443/a", "new.example.com"),
    )

    assert moved_image(before, transform) == after


def test_the_first_rule_that_matches_decides() -> None:
    transform = images(rule("a.example.com/x", "b.example.com/1"), rule("a.example.com", "b.example.com/2"))

    assert moved_image("a.example.com/x/y", transform) == "b.example.com/1/y"
    assert moved_image("a.example.com/y", transform) == "b.example.com/2/y"


def test_a_prefix_is_one_of_whole_segments() -> None:
    assert moved_image("east.example.com/shopping/web", EAST_TO_WEST) == "east.example.com/shopping/web"


def test_a_rule_may_name_one_repository() -> None:
    transform = images(rule("docker.io/library/nginx", "west.example.com/web/nginx"))

    assert moved_image("nginx:1", transform) == "west.example.com/web/nginx:1"
    assert moved_image("redis:1", transform) == "redis:1"


def test_an_image_that_is_where_it_should_be_keeps_its_spelling() -> None:
    assert moved_image("nginx:1", images(rule("docker.io", "docker.io"))) == "nginx:1"


def test_custom_resources_change_at_declared_places_only() -> None:
    old, new = "east.example.com/shop/worker:1", "west.example.com/dr/shop/worker:1"
    spec: Json = {"image": old, "workers": [{"image": old}, {"image": None}, {}], "by": {"a": {"image": old}}}
    widget = bare("example.com/v1", "Widget", spec=spec)
    fields = tuple(
        FieldPath(group="example.com", kind="Widget", path=path)
        for path in (("spec", "workers", "*", "image"), ("spec", "by", "*", "image"), ("spec", "missing", "image"))
    )

    after = transformed(widget, images(*EAST_TO_WEST.rules, fields=fields))

    assert after["spec"]["workers"] == [{"image": new}, {"image": None}, {}]
    assert after["spec"]["by"] == {"a": {"image": new}}
    assert after["spec"]["image"] == old


def test_a_kind_of_the_same_name_in_another_group_is_not_touched() -> None:
    widget = bare("other.example.com/v1", "Widget", spec={"image": "east.example.com/shop/a"})
    field = FieldPath(group="example.com", kind="Widget", path=("spec", "image"))

    assert transformed(widget, images(*EAST_TO_WEST.rules, fields=(field,))) == widget


def test_a_declared_place_that_holds_no_text_stops_all() -> None:
    widget = bare("example.com/v1", "Widget", spec={"image": {"name": "a"}})
    field = FieldPath(group="example.com", kind="Widget", path=("spec", "image"))

    with pytest.raises(
        ManifestError, match=r"^Widget\.example\.com shop/web .* transform images: /spec/image is not a"
    ):
        transformed(widget, images(*EAST_TO_WEST.rules, fields=(field,)))


def test_a_reference_that_cannot_be_parsed_stops_all_and_is_not_cited() -> None:
    manifest = workload(containers=[{"name": "a", "image": "s3cret value"}])

    with pytest.raises(ManifestError, match=r"^Deployment\.apps shop/web cannot be changed by transform images: ") as e:
        transformed(manifest, EAST_TO_WEST)

    assert "spec.template.spec.containers[].image: it is not an image reference" in str(e.value)
    assert "s3cret" not in str(e.value)


def test_an_image_that_is_to_be_filled_in_by_somebody_else_stays_empty() -> None:
    manifest = workload(containers=[{"name": "a", "image": ""}, {"name": "b"}])

    assert transformed(manifest, EAST_TO_WEST) == manifest


def test_an_image_without_a_rule_can_be_refused() -> None:
    strict = images(*EAST_TO_WEST.rules, unmatched=Unmatched.REFUSE)

    with pytest.raises(ManifestError, match=r"no rule says where images of docker\.io/library/nginx are"):
        transformed(workload(containers=[{"name": "a", "image": "nginx"}]), strict)


def test_a_rule_that_would_leave_no_name_stops_all() -> None:
    transform = images(rule("docker.io/library/nginx", "west.example.com"))

    with pytest.raises(ManifestError, match="nothing would be left of the repository's name"):
        transformed(workload(containers=[{"name": "a", "image": "nginx"}]), transform)


def test_the_changed_fields_are_on_record() -> None:
    manifest = workload(containers=[{"name": "a", "image": "nginx"}, {"name": "b", "image": "east.example.com/shop/b"}])

    assert fields_changed(manifest, EAST_TO_WEST) == {"images": ("/spec/template/spec/containers/1/image",)}


WORDS = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True)
REPOSITORIES = st.lists(WORDS, min_size=1, max_size=3).map("/".join)
TAGS = st.just("") | st.from_regex(r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True)
DIGESTS = st.sampled_from(["", f"@{DIGEST}"])


@given(REPOSITORIES, TAGS, DIGESTS)
def test_the_way_there_and_back_ends_where_it_began(repository: str, tag: str, digest: str) -> None:
    image = f"east.example.com/shop/{repository}{tag}{digest}"

    moved = moved_image(image, EAST_TO_WEST)

    assert moved == f"west.example.com/dr/shop/{repository}{tag}{digest}"
    assert moved_image(moved, EAST_TO_WEST.reversed()) == image


@pytest.mark.parametrize(
    "image", ["nginx", f"nginx:1.27@{DIGEST}", "bitnami/redis:7", "library.io/library/nginx", "docker.io/a.b/c"]
)
def test_images_of_docker_hub_come_back_under_their_short_names(image: str) -> None:
    mirror = images(rule("docker.io", "west.example.com/hub"), rule("library.io", "west.example.com/other"))

    moved = moved_image(image, mirror)

    assert moved.startswith("west.example.com/")
    assert moved_image(moved, mirror.reversed()) == image
    assert moved_image("west.example.com/hub/library/nginx", images(rule("west.example.com/hub", "docker.io"))) == (
        "docker.io/library/nginx"
    )


@given(st.text(alphabet="abAB09.:/@_-", max_size=40))
def test_a_parsed_reference_means_the_same_when_written_out(text: str) -> None:
    try:
        image = ImageReference.parse(text)
    except ValueError:
        return
    assert ImageReference.parse(str(image)) == image
    assert ImageReference.parse(image.short) == image


NO_REFERENCES = ["", " ", "a b", "A/b/c@x", "nginx:", "nginx@", "nginx:1@sha256:12", "http://a.b/c", "a.b/", "a.b//c"]
NO_REFERENCES += ["-a", "a/B", "ab" * 32, "a.b/" + "x" * 260, "a" * 2000, "UPPER", "a.b:port/c", "nginx:-1", "$(IMAGE)"]


@pytest.mark.parametrize("text", NO_REFERENCES)
def test_what_no_runtime_would_take_is_no_reference(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        ImageReference.parse(text)


def test_a_name_may_be_255_characters_long_and_no_longer() -> None:
    longest = f"a.example.com/{'x' * 241}"

    assert len(longest) == 255
    assert str(ImageReference.parse(longest)) == longest
    with pytest.raises(ValueError, match="longer than 255 characters"):
        ImageReference.parse(f"{longest}x")


# What the index says of the images that the other site needs.


def account(*transforms: object) -> tuple[Transforming, ImageAccount]:
    transforming = Transforming(transforms)  # type: ignore[arg-type]
    return transforming, transforming.images


def test_the_index_names_the_images_that_the_other_site_needs() -> None:
    transforming, ledger = account(EAST_TO_WEST, NamespaceTransform(name="n", names={"shop": "dr"}))
    transforming.apply(workload(containers=[{"name": "a", "image": "east.example.com/shop/web:1"}]))

    uses = ledger.uses(
        [
            ImageUse(
                reference="east.example.com/shop/web:1", used_by=("CronJob.batch shop/a", "Deployment.apps shop/web")
            ),
            ImageUse(reference="injected.example.com/proxy:2", used_by=("Deployment.apps shop/web",)),
        ]
    )

    assert uses == (
        ImageUse(reference="injected.example.com/proxy:2", used_by=("Deployment.apps dr/web",)),
        ImageUse(reference="west.example.com/dr/shop/web:1", used_by=("CronJob.batch dr/a", "Deployment.apps dr/web")),
    )


def test_an_image_that_an_injector_adds_is_not_taken_for_one_of_the_template() -> None:
    """It runs in the pods and is not in the template: the other site has an injector of its own."""
    transforming, ledger = account(EAST_TO_WEST)
    transforming.apply(workload(containers=[]))
    use = ImageUse(reference="east.example.com/shop/proxy", used_by=("Deployment.apps shop/web",))

    assert ledger.uses([use]) == (use,)


def test_an_image_of_objects_that_are_left_out_is_not_needed() -> None:
    transforming, ledger = account(DropTransform(name="d", select=Selector(kinds=("Deployment",))))
    transforming.apply(workload(containers=[{"name": "a", "image": "nginx"}]))

    assert ledger.uses([ImageUse(reference="nginx", used_by=("Deployment.apps shop/web",))]) == ()


def test_an_image_that_a_patch_brings_in_is_needed() -> None:
    operation = PatchOperation(op="replace", path=("spec", "template", "spec", "containers", "0", "image"), value="new")
    transforming, ledger = account(PatchTransform(name="p", select=Selector(), operations=(operation,)))
    transforming.apply(workload(containers=[{"name": "a", "image": "old"}]))

    uses = ledger.uses([ImageUse(reference="old", used_by=("Deployment.apps shop/web",))])

    assert [use.reference for use in uses] == ["new"]
