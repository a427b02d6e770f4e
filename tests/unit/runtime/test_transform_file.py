"""`spec.transforms` is read into typed data; every mistake in it is one sentence with file, line, field and advice."""

from pathlib import Path

import pytest

from kubestandby.adapters.group_file import load_groups
from kubestandby.errors import ConfigError
from kubestandby.groups import ProtectionGroup
from kubestandby.image_reference import ImagePlace
from kubestandby.transforms import (
    ClaimTransform,
    DropTransform,
    FieldPath,
    ImageRule,
    ImageTransform,
    IngressClassTransform,
    MarkEdit,
    MarkTransform,
    MergeTransform,
    NamespaceTransform,
    PatchOperation,
    PatchTransform,
    Selector,
    StorageClassTransform,
    Transform,
    Unmatched,
    VolumePolicy,
)

HEAD = """\
apiVersion: kubestandby.dev/v1
kind: ProtectionGroup
metadata: {name: shop}
spec:
  namespaces: [shop-data, shop]
  sites:
    east: {cluster: {kubeconfig: east.yaml}, data: file:///e/data, control: file:///e/control}
    west: {cluster: {kubeconfig: west.yaml}, data: file:///w/data, control: file:///w/control}
  primary: east
  standby: west
  transforms:
"""
EVERY_KIND = """\
    - name: registries
      images:
        rules:
          - {from: east.example.com:5000/shop, to: west.example.com/shop}
          - {from: docker.io, to: west.example.com/mirror}
        unmatched: refuse
        fields: [{group: example.com, kind: Widget, path: /spec/workers/*/image}]
    - name: classes
      storageClasses: {map: {fast: oci-bv}, fields: [{group: core, kind: ConfigMap, path: /data/a~1b~0c}]}
    - name: entrances
      for: [west]
      ingressClasses: {map: {nginx: oci, traefik: oci}}
    - name: places
      namespaces: {map: {shop: shop-dr}}
    - name: subnets
      for: [west]
      select: {groups: [core], kinds: [Service], names: ["web-*"], namespaces: [shop-dr], labels: {tier: web}}
      labels: {set: {site: west}}
      annotations: {replace: {example.com/subnet: west}, remove: [example.com/zone]}
    - name: one-replica
      for: [west, east]
      select: {kinds: [Deployment]}
      patch:
        - {op: test, path: /spec/replicas, value: 3}
        - {op: move, from: /spec/a, path: /spec/b}
        - op: add
          path: /metadata/annotations/note
          value: |
            two
            lines
    - name: smaller
      for: [west]
      select: {names: [web]}
      merge: {spec: {replicas: 1, paused: null}}
    - name: no-budgets
      for: [west]
      select: {kinds: [PodDisruptionBudget]}
      drop: true
    - name: replicated
      claims: {policy: bind, storageClasses: [replicated]}
      select: {labels: {app: db}}
"""
READ: tuple[Transform, ...] = (
    ImageTransform(
        name="registries",
        rules=(
            ImageRule(
                source=ImagePlace(registry="east.example.com:5000", prefix="shop"),
                target=ImagePlace(registry="west.example.com", prefix="shop"),
            ),
            ImageRule(
                source=ImagePlace(registry="docker.io"), target=ImagePlace(registry="west.example.com", prefix="mirror")
            ),
        ),
        fields=(FieldPath(group="example.com", kind="Widget", path=("spec", "workers", "*", "image")),),
        unmatched=Unmatched.REFUSE,
    ),
    StorageClassTransform(
        name="classes",
        names={"fast": "oci-bv"},
        fields=(FieldPath(group="", kind="ConfigMap", path=("data", "a/b~c")),),
    ),
    IngressClassTransform(name="entrances", sites=("west",), names={"nginx": "oci", "traefik": "oci"}),
    NamespaceTransform(name="places", names={"shop": "shop-dr"}),
    MarkTransform(
        name="subnets",
        sites=("west",),
        select=Selector(
            groups=("",), kinds=("Service",), names=("web-*",), namespaces=("shop-dr",), labels={"tier": "web"}
        ),
        labels=MarkEdit(set={"site": "west"}),
        annotations=MarkEdit(replace={"example.com/subnet": "west"}, remove=("example.com/zone",)),
    ),
    PatchTransform(
        name="one-replica",
        sites=("west", "east"),
        select=Selector(kinds=("Deployment",)),
        operations=(
            PatchOperation(op="test", path=("spec", "replicas"), value=3),
            PatchOperation(op="move", path=("spec", "b"), source=("spec", "a")),
            PatchOperation(op="add", path=("metadata", "annotations", "note"), value="two\nlines\n"),
        ),
    ),
    MergeTransform(
        name="smaller",
        sites=("west",),
        select=Selector(names=("web",)),
        merge={"spec": {"replicas": 1, "paused": None}},
    ),
    DropTransform(name="no-budgets", sites=("west",), select=Selector(kinds=("PodDisruptionBudget",))),
    ClaimTransform(
        name="replicated",
        select=Selector(labels={"app": "db"}),
        policy=VolumePolicy.BIND,
        storage_classes=("replicated",),
    ),
)


def load(tmp_path: Path, transforms: str, head: str = HEAD) -> ProtectionGroup:
    file = tmp_path / "groups.yaml"
    file.write_text(head + transforms)
    return load_groups(file)[0]


def error_of(tmp_path: Path, transforms: str, head: str = HEAD) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, transforms, head)
    return str(caught.value).removeprefix(f"{tmp_path}/")


def test_every_kind_of_transform_is_read_in_order(tmp_path: Path) -> None:
    assert load(tmp_path, EVERY_KIND).transforms == READ


def test_a_group_without_transforms_has_none(tmp_path: Path) -> None:
    group = load(tmp_path, "    []\n")

    assert group.transforms == ()
    assert group.sanitize_sha256(group.standby) == ""


def test_every_line_of_an_error_is_that_of_its_field(tmp_path: Path) -> None:
    message = error_of(tmp_path, EVERY_KIND.replace("to: west.example.com/mirror", "to: west"))

    assert message == (
        'groups.yaml:16: spec.transforms[0].images.rules[1].to: "west" is no place of images: it does not begin with a '
        "registry, such as docker.io/library; write REGISTRY or REGISTRY/PREFIX"
    )


def images(*rules: str, more: str = "") -> str:
    return f"{{name: a, {more}images: {{rules: [{', '.join(rules)}]}}}}"


MISTAKES = [
    ("{images: {rules: []}}", "", "images.rules: 0 of them"),
    ("{name: a}", "", "not one kind of transform; write exactly one of images"),
    ("{name: a, drop: true, patch: []}", "", "not one kind of transform"),
    ("{name: A, drop: true}", "name", "by which snapshots tell"),
    ("{name: a, dorp: true}", "dorp", "did you mean drop?"),
    ("{name: a, drop: false}", "drop", "write true"),
    ("{name: a, for: [west], drop: true}", "", "select is missing"),
    ("{name: a, for: [west], drop: true, select: {}}", "select", "which objects"),
    ("{name: a, drop: true, select: {kinds: [Pod]}}", "", "for is missing; say for which site's snapshots drop is"),
    ("{name: a, select: {kinds: [Pod]}, labels: {set: {a: b}}}", "", "such as for: [west]"),
    ("{name: a, for: [north], drop: true, select: {kinds: [Pod]}}", "for[0]", '"north" is not one of the sites'),
    ("{name: a, for: west, drop: true}", "for", "a list belongs"),
    ("{name: a, for: [west], drop: true, select: {kinds: [pods]}}", "select.kinds[0]", "a kind, such as Service"),
    ("{name: a, for: [west], drop: true, select: {kind: Pod}}", "select.kind", "did you mean kinds?"),
    ("{name: a, for: [west], select: {names: [a]}, labels: {set: {a: b c}}}", "labels.set.a", "value of a label"),
    ("{name: a, for: [west], select: {names: [a]}, labels: {set: {a: 1}}}", "labels.set.a", "put it in quotes"),
    ("{name: a, for: [west], select: {names: [a]}, labels: {set: {a b: c}}}", "labels.set.a b", "name of a label"),
    ("{name: a, for: [west], select: {names: [a]}, annotations: {}}", "annotations", "annotations of the objects"),
    ("{name: a, select: {names: [a]}, storageClasses: {map: {a: b}}}", "select", "leave select out"),
    ("{name: a, storageClasses: {map: {}}}", "storageClasses.map", "old names and new ones"),
    ("{name: a, storageClasses: {map: {A: b}}}", "storageClasses.map.A", "name of a class"),
    ("{name: a, storageClasses: {map: {a: c, b: c}}}", "", '"a" and "b" both become "c"'),
    ("{name: a, ingressClasses: {map: {a: c, b: c}}}", "", "name the one site that the map is for"),
    ("{name: a, for: [west], namespaces: {map: {shop: b}}}", "for", "leave for out"),
    ("{name: a, namespaces: {map: {other: b}}}", "namespaces.map.other", "name it in spec.namespaces"),
    ("{name: a, namespaces: {map: {shop: shop-data}}}", "namespaces.map.shop", "another one of the group's"),
    ("{name: a, namespaces: {map: {shop: kube-system}}}", "namespaces.map.shop", "left out of every export"),
    ("{name: a, namespaces: {map: {shop: Dr}}}", "namespaces.map.shop", "DNS-1123 label"),
    (images("{from: nginx, to: a.b}"), "images.rules[0].from", "does not begin with a registry"),
    (images("{from: a.b/x:1, to: a.b}"), "images.rules[0].from", "leave tags and digests out"),
    (images("{from: a.b, to: c.d}", "{from: a.b/x, to: e.f}"), "images.rules[1].from", "write this one first"),
    (images("{from: a.b/x, to: c.d}", "{from: a.b, to: c.d/e}"), "images.rules[1].to", "on the way back"),
    ("{name: a, claims: {policy: bind}, select: {kinds: [X]}}", "select", "by names, namespaces, labels alone"),
    (
        "{name: a, namespaces: {map: {shop: b}, fields: [{group: core, kind: Secret, path: /data/a}]}}",
        "namespaces.fields[0]",
        "what a Secret holds is not changed",
    ),
    ("{name: a, claims: {policy: keep}}", "claims.policy", "none of provision, bind"),
    ("{name: a, for: [west], select: {names: [a]}, patch: [{op: tset, path: /a}]}", "patch[0].op", "write test"),
    ("{name: a, for: [west], select: {names: [a]}, patch: [{op: add, path: /a}]}", "patch[0]", "value is missing"),
    ("{name: a, for: [west], select: {names: [a]}, patch: [{op: copy, path: /a}]}", "patch[0]", "from is missing"),
    ("{name: a, for: [west], select: {names: [a]}, patch: [{op: remove, path: a}]}", "patch[0].path", "JSON pointer"),
    ("{name: a, for: [west], select: {names: [a]}, patch: [{op: remove, path: /a~2}]}", "patch[0].path", "RFC 6901"),
    ("{name: a, for: [west], select: {names: [a]}, merge: {}}", "merge", "JSON merge patch"),
    ('{name: "a\\nb", drop: true}', None, "a line break"),
    ('{name: a, merge: {"a\\nb": c}}', None, "a line break"),
    ('{name: a, merge: {b: "\\0"}}', None, "a line break or control character"),
]


@pytest.mark.parametrize(("form", "field", "says"), MISTAKES)
def test_a_mistake_is_told_with_its_line_and_field(tmp_path: Path, form: str, field: str | None, says: str) -> None:
    first = "    - {name: first, claims: {policy: bind}}\n"

    message = error_of(tmp_path, f"{first}    - {form}\n")

    assert message.startswith("groups.yaml:13: ")
    where = f"spec.transforms[1].{field}".rstrip(".") if field else "spec.transforms[1]"
    assert field is None or message.startswith(f"groups.yaml:13: {where}")
    assert says in message
    assert "\n" not in message


def test_two_transforms_of_one_name_are_refused(tmp_path: Path) -> None:
    message = error_of(tmp_path, "    - {name: a, claims: {policy: bind}}\n    - {name: a, claims: {policy: bind}}\n")

    assert message.startswith('groups.yaml:13: spec.transforms[1].name: "a" is the name of two transforms')


def test_two_maps_of_a_kind_for_one_site_are_refused(tmp_path: Path) -> None:
    first = "    - {name: a, storageClasses: {map: {a: b}}}\n"
    second = "    - {name: b, for: [east], storageClasses: {map: {b: c}}}\n"

    message = error_of(tmp_path, first + second)

    assert message.startswith("groups.yaml:13: spec.transforms[1]: a is of the same kind and for the same site")


def test_a_map_for_each_site_of_its_own_is_allowed(tmp_path: Path) -> None:
    west = "    - {name: a, for: [west], storageClasses: {map: {a: c, b: c}}}\n"
    east = "    - {name: b, for: [east], storageClasses: {map: {c: a}}}\n"

    assert [item.name for item in load(tmp_path, west + east).transforms] == ["a", "b"]


def test_of_all_namespaces_but_some_the_ones_left_out_cannot_be_renamed(tmp_path: Path) -> None:
    head = HEAD.replace("namespaces: [shop-data, shop]", "excludeNamespaces: [scratch]")

    message = error_of(tmp_path, "    - {name: a, namespaces: {map: {scratch: b}}}\n", head)

    assert message.startswith("groups.yaml:12: spec.transforms[0].namespaces.map.scratch")


def test_names_that_change_places_have_a_way_back(tmp_path: Path) -> None:
    group = load(tmp_path, "    - {name: a, namespaces: {map: {shop: shop-data, shop-data: shop}}}\n")

    assert group.namespaces_at(group.standby) == ("shop", "shop-data")


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "transforms.md").read_text()
    example = text.partition("```yaml\n")[2].partition("```")[0]
    head = "apiVersion: kubestandby.dev/v1\nkind: ProtectionGroup\nmetadata: {name: shop}\n"
    sites = "".join(
        f"    {site}: {{cluster: {{kubeconfig: {site}}}, data: s3://{site}-data, control: s3://{site}-control}}\n"
        for site in ("ashburn", "phoenix")
    )

    group = load(tmp_path, f"{example}  sites:\n{sites}", head)

    assert [item.name for item in group.transforms_to(group.standby)] == [
        "our-registry",
        "classes",
        "entrances",
        "places",
        "replicated-volumes",
        "subnets-of-phoenix",
        "smaller",
        "no-budgets",
    ]
