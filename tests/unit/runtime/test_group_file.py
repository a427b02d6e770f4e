"""Every mistake in a configuration is one sentence with file, line, field, and what to write."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from kubestandby.adapters.group_file import CONFIG_VARIABLE, MAX_BYTES, config_path, group_schema, load_groups
from kubestandby.errors import ConfigError
from kubestandby.groups import ClusterLimits, RestartPolicy, RestoreMode

GOOD = """\
apiVersion: kubestandby.dev/v1
kind: ProtectionGroup
metadata: {name: shop}
spec:
  namespaces: [shop-data, shop]        # dependency order
  schedule: "*/15 * * * *"
  sites:
    east:
      cluster: {kubeconfig: /path/to/kubeconfig, context: east}
      data: file:///var/lib/kubestandby/east/data
      control: file:///var/lib/kubestandby/east/control
    west:
      cluster: {kubeconfig: west.yaml}
      data: file://./west/data
      control: file://./west/control
  primary: east
  standby: west
  restore: {mode: hot}
"""


def load(tmp_path: Path, text: str):
    file = tmp_path / "groups.yaml"
    file.write_text(text)
    return load_groups(file)


def error_of(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value).removeprefix(f"{tmp_path}/")


def test_the_form_of_the_documentation_is_read(tmp_path: Path):
    (group,) = load(tmp_path, GOOD)

    assert (group.name, group.namespaces, group.schedule) == ("shop", ("shop-data", "shop"), "*/15 * * * *")
    assert (group.primary, group.standby) == ("east", "west")
    assert group.site("east").cluster.context == "east"
    assert group.restore.mode is RestoreMode.HOT


def test_optional_fields_are_read(tmp_path: Path):
    more = """\
  include: [{kind: PriorityClass, name: gold}]
  ignoreGroups: [metrics.example.com]
  freshness: 2h
"""
    text = GOOD.replace("{mode: hot}\n", "{mode: warm, restart: never, readyTimeout: 90s}\n" + more)

    (group,) = load(tmp_path, text)

    assert (group.restore.mode, group.restore.restart) == (RestoreMode.WARM, RestartPolicy.NEVER)
    assert (group.restore.ready_timeout_seconds, group.fresh_seconds) == (90, 7200)
    assert (group.include[0].kind, group.include[0].name) == ("PriorityClass", "gold")
    assert group.ignore_groups == ("metrics.example.com",)


def test_limits_are_a_sites_own(tmp_path: Path):
    limits = "{requestsInFlight: 4, requestsPerSecond: 50, pageSize: 100}"

    (group,) = load(tmp_path, GOOD.replace("./west/control", f"./west/control\n      limits: {limits}"))

    assert group.site("west").limits == ClusterLimits(requests_in_flight=4, requests_per_second=50, page_size=100)
    assert group.site("east").limits == ClusterLimits()


def test_relative_paths_start_at_the_files_folder(tmp_path: Path):
    (group,) = load(tmp_path, GOOD)

    assert group.site("west").cluster.kubeconfig == tmp_path / "west.yaml"
    assert group.site("west").data == f"file://{tmp_path}/west/data"


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/somebody")

    (group,) = load(tmp_path, GOOD.replace("kubeconfig: west.yaml", "kubeconfig: ~/.kube/config"))

    assert group.site("west").cluster.kubeconfig == Path("/home/somebody/.kube/config")


def test_a_bucket_has_one_url_however_it_is_written(tmp_path: Path):
    (group,) = load(tmp_path, GOOD.replace("east/data", "x/../east//data/"))

    assert group.site("east").data == "file:///var/lib/kubestandby/east/data"


def test_several_documents_are_several_groups(tmp_path: Path):
    groups = load(tmp_path, f"{GOOD}---\n{GOOD.replace('name: shop', 'name: bank')}")

    assert [group.name for group in groups] == ["shop", "bank"]


def test_exclusion_leaves_the_systems_namespaces_out_always(tmp_path: Path):
    text = GOOD.replace("namespaces: [shop-data, shop]", "excludeNamespaces: [scratch]")

    (group,) = load(tmp_path, text)

    assert group.namespaces == ()
    assert group.exclude_namespaces[0] == "kube-system"
    assert group.exclude_namespaces[-1] == "scratch"


IN_FLIGHT = "spec.sites.west.limits.requestsInFlight"
MISTAKES = [
    ("kubestandby.dev/v1", "kubestandby.dev/v2", 1, "apiVersion", "write kubestandby.dev/v1"),
    ("kind: ProtectionGroup", "kind: Group", 2, "kind", "write ProtectionGroup"),
    ("kind: ProtectionGroup", "kinde: ProtectionGroup", 2, "kinde", "did you mean kind?"),
    ("kind: ProtectionGroup\n", "", 1, "the document", "kind is missing"),
    ("{name: shop}", "{}", 3, "metadata", "name is missing"),
    ("{name: shop}", "{name: Shop}", 3, "metadata.name", "DNS-1123 label"),
    ("{name: shop}", "{name: 7}", 3, "metadata.name", "put it in quotes"),
    ("{name: shop}", "{name: shop, label: x}", 3, "metadata.label", "the fields here are name"),
    ("[shop-data, shop]", "[]", 5, "spec.namespaces", "in dependency order"),
    ("[shop-data, shop]", "shop", 5, "spec.namespaces", "a list belongs"),
    ("[shop-data, shop]", "[shop, shop]", 5, "spec.namespaces", '"shop" is in the list twice'),
    ("[shop-data, shop]", "[shop, Shop_2]", 5, "spec.namespaces[1]", "DNS-1123 label"),
    ("[shop-data, shop]", "[shop, 2024]", 5, "spec.namespaces[1]", "put it in quotes"),
    ("namespaces: [", "namespace: [", 5, "spec.namespace", "did you mean namespaces?"),
    ("  schedule", "  excludeNamespaces: []\n  schedule", 6, "spec.excludeNamespaces", "keep one of the two"),
    ("  namespaces: [shop-data, shop]        # dependency order\n", "", 4, "spec", "namespaces is missing"),
    ('"*/15 * * * *"', '"*/15 * * *"', 6, "spec.schedule", "write five cron fields"),
    ('"*/15 * * * *"', '"99 * * * *"', 6, "spec.schedule", "Bad minute"),
    ('"*/15 * * * *"', '"0 0 30 2 *"', 6, "spec.schedule", "Bad day-of-month"),
    ("    west:", "    east:", 12, "", 'the key "east" is here twice, first in line 8'),
    ("    west:", "    WEST:", 12, "spec.sites.WEST", "DNS-1123 label"),
    ("{kubeconfig: west.yaml}", "{}", 13, "spec.sites.west.cluster", "inCluster: true"),
    ("{kubeconfig: west.yaml}", "{context: west}", 13, "spec.sites.west.cluster", "inCluster: true"),
    ("{kubeconfig: west.yaml}", "{kubeconfig: a, inCluster: true}", 13, "spec.sites.west.cluster", "not one way"),
    ("{kubeconfig: west.yaml}", "{inCluster: false}", 13, "spec.sites.west.cluster.inCluster", "write true"),
    ("{kubeconfig: west.yaml}", '{kubeconfig: ""}', 13, "spec.sites.west.cluster.kubeconfig", "path of a kubeconfig"),
    ("kubeconfig: west.yaml", "kubeconfig: /path/to/kubeconfig, context: east", 13, "spec.sites.west.cluster", "same"),
    ("      data: file:///var", "      daata: file:///var", 10, "spec.sites.east.daata", "did you mean data?"),
    ("file:///var/lib/kubestandby/east/data", "ftp://x", 10, "spec.sites.east.data", "oci://namespace/bucket"),
    ("file:///var/lib/kubestandby/east/data", "file://host/x", 10, "spec.sites.east.data", "file:///absolute/path"),
    ("primary: east", "limits: {}", 16, "spec.limits", "there is no such field"),
    ("./west/control", "./west/control\n      limits: {requests: 1}", 16, "spec.sites.west.limits.requests", "no such"),
    ("./west/control", "./west/control\n      limits: {requestsInFlight: 0}", 16, IN_FLIGHT, "1 to 64"),
    ("./west/control", "./west/control\n      limits: {requestsInFlight: '8'}", 16, IN_FLIGHT, "a number belongs"),
    ("./west/control", "./west/control\n      limits: {pageSize: 9999}", 16, "spec.sites.west.limits.pageSize", "5000"),
    ("      control: file://./west/control\n", "", 12, "spec.sites.west", "control is missing"),
    ("./west/control", "./west/data", 15, "spec.sites.west.control", "shares its place with spec.sites.west.data"),
    ("./west/control", "./west/data/c", 15, "spec.sites.west.control", "give every bucket its own"),
    ("primary: east", "primary: eest", 16, "spec.primary", "write east or west"),
    ("standby: west", "standby: east", 17, "spec.standby", "write west"),
    ("  standby: west\n", "", 4, "spec", "standby is missing"),
    ("{mode: hot}", "{mode: hott}", 18, "spec.restore.mode", "none of rehearse, warm, hot; write hot"),
    ("{mode: hot}", "{restart: sometimes}", 18, "spec.restore.restart", "none of never, changed, always"),
    ("{mode: hot}", "{readyTimeout: 5}", 18, "spec.restore.readyTimeout", "put it in quotes"),
    ("{mode: hot}", "{readyTimeout: 5 minutes}", 18, "spec.restore.readyTimeout", "90s, 5m, 24h or 7d"),
    ("restore: {mode: hot}", "restore:", 18, "spec.restore", "empty, where a mapping belongs"),
    ("restore: {mode: hot}", "freshness: 0s", 18, "spec.freshness", "a whole number and a unit"),
    ("restore: {mode: hot}", "include: [{kind: x}]", 18, "spec.include[0].kind", "PriorityClass"),
    ("restore: {mode: hot}", "include: [{kind: Role}]", 18, "spec.include[0]", "name is missing"),
    ("restore: {mode: hot}", "ignoreGroups: [A/b]", 18, "spec.ignoreGroups[0]", "metrics.example.com"),
    ("{mode: hot}", "&m {mode: hot}", 18, "", "anchors and aliases"),
    ("{mode: hot}", "{mode: !!str hot}", 18, "", "tags"),
    ("{mode: hot}", "{<<: {mode: hot}}", 18, "", "merge keys"),
    ("{mode: hot}", "{mode: hot", 19, "", "not YAML"),
    ("{mode: hot}", "{mode: off}", 18, "", "quote it"),
    ("{mode: hot}", "{mode: 1:30}", 18, "", "quote it"),
    ("{mode: hot}", '{mode: "hot\\n"}', 18, "", "line break"),
    ("{mode: hot}", "{? [a] : b}", 18, "", "a key is a word"),
    ("{mode: hot}", "[" * 40 + "]" * 40, 18, "", "nested deeper"),
]


@pytest.mark.parametrize(("before", "after", "line", "field", "says"), MISTAKES)
def test_a_mistake_is_told_with_its_line_and_field(
    tmp_path: Path, before: str, after: str, line: int, field: str, says: str
):
    assert before in GOOD

    message = error_of(tmp_path, GOOD.replace(before, after, 1))

    assert message.startswith(f"groups.yaml:{line}: {field}")
    assert says in message
    assert "\n" not in message


def test_a_third_site_is_one_too_many(tmp_path: Path):
    third = "    north:\n      cluster: {kubeconfig: north}\n      data: s3://north-data\n      control: s3://north-control\n"

    message = error_of(tmp_path, GOOD.replace("  primary", f"{third}  primary"))

    assert message.startswith("groups.yaml:7: spec.sites: 3 of them; write exactly two sites")


def test_two_groups_of_one_name_are_refused(tmp_path: Path):
    message = error_of(tmp_path, f"{GOOD}---\n{GOOD}")

    assert message.startswith("groups.yaml:22: metadata.name")


def test_an_empty_file_holds_no_group(tmp_path: Path):
    assert "there is no ProtectionGroup in it" in error_of(tmp_path, "# nothing\n---\n")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    assert "larger than 1 MiB" in error_of(tmp_path, "#" * (MAX_BYTES + 1))


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path):
    file = tmp_path / "groups.yaml"
    file.write_bytes(b"a: b\nc: \xff\n")

    with pytest.raises(ConfigError, match=r"groups\.yaml:2: not UTF-8"):
        load_groups(file)


def test_a_missing_file_is_named_with_the_option_that_names_it(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read: No such file or directory; .*--config"):
        load_groups(tmp_path / "none.yaml")


def test_a_folder_is_no_configuration(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_groups(tmp_path)


def test_without_a_file_the_option_and_the_variable_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)

    with pytest.raises(ConfigError, match=f"--config FILE or set {CONFIG_VARIABLE}"):
        config_path()


def test_the_variable_names_the_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CONFIG_VARIABLE, "/etc/shop.yaml")

    assert config_path() == Path("/etc/shop.yaml")


def test_an_alias_bomb_is_refused_at_its_first_anchor(tmp_path: Path):
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"

    assert error_of(tmp_path, bomb).startswith("groups.yaml:1: anchors")


def test_flow_of_any_depth_does_not_reach_a_recursive_reader(tmp_path: Path):
    assert "nested deeper" in error_of(tmp_path, "[" * 200_000)


def test_the_schema_is_a_valid_one_and_closed_everywhere():
    schema = group_schema()

    Draft202012Validator.check_schema(schema)

    assert all(found is not True for found in _open_objects(schema))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=300))
def test_any_text_is_a_configuration_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, text: str):
    file = tmp_path_factory.mktemp("any") / "groups.yaml"
    file.write_text(text, encoding="utf-8", newline="")

    with pytest.raises(ConfigError) as caught:
        load_groups(file)

    assert str(caught.value).startswith(f"{file}:")


def _open_objects(schema: object):
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema.get("additionalProperties", True)
        for inner in schema.values():
            yield from _open_objects(inner)
