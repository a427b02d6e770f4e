"""FieldsV1 sets, followed into objects."""

from functions.restore.field_sets import extras, follow, label, step

WEB = 'k:{"name":"web"}'
POD = {"containers": [{"name": "web", "image": "a"}, {"name": "side", "image": "b"}], "finalizers": ["a", "b"]}


def test_each_kind_of_element_is_followed() -> None:
    assert step(POD, "f:containers") == (True, POD["containers"])
    assert follow(POD, ("f:containers", WEB, "f:image")) == (True, "a")
    assert step(["a", "b"], 'v:"b"') == (True, "b")
    assert step(["a", "b"], "i:1") == (True, "b")


def test_what_is_not_there_leads_nowhere() -> None:
    assert step(POD, "f:volumes") == (False, None)
    assert follow(POD, ("f:containers", 'k:{"name":"none"}', "f:image")) == (False, None)
    assert step(["a"], 'v:"b"') == (False, None)
    assert step(["a"], "i:1") == (False, None)
    assert step("text", WEB) == (False, None)


def test_extras_are_the_fields_that_neither_we_own_nor_the_snapshot_has() -> None:
    theirs = {"f:data": {"f:ours": {}, "f:equal": {}, "f:extra": {}}}
    ours = {"f:data": {"f:ours": {}}}

    assert list(extras(theirs, [ours], {"data": {"equal": "1"}})) == [("f:data", "f:extra")]


def test_an_element_of_a_list_is_one_extra_however_many_fields_it_has() -> None:
    theirs = {"f:containers": {'k:{"name":"side"}': {".": {}, "f:name": {}, "f:image": {}}}}

    assert list(extras(theirs, [], {"containers": [{"name": "web"}]})) == [("f:containers", 'k:{"name":"side"}')]


def test_of_an_element_that_the_snapshot_has_single_fields_are_extras() -> None:
    theirs = {"f:containers": {WEB: {".": {}, "f:image": {}, "f:tty": {}}}}

    assert list(extras(theirs, [], {"containers": [{"name": "web", "image": "a"}]})) == [("f:containers", WEB, "f:tty")]


def test_an_element_whose_key_the_server_completed_is_the_snapshots() -> None:
    theirs = {"f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}}

    assert list(extras(theirs, [], {"ports": [{"containerPort": 80}]})) == []


def test_below_an_empty_mapping_of_ours_others_have_their_own_fields() -> None:
    assert list(extras({"f:data": {"f:extra": {}}}, [{"f:data": {}}], {"data": {}})) == [("f:data", "f:extra")]


def test_a_field_that_we_own_as_a_whole_is_no_extra() -> None:
    assert list(extras({"f:selector": {}}, [{"f:selector": {}}], {})) == []


def test_a_path_is_told_as_people_write_it() -> None:
    assert label(("f:spec", "f:containers", WEB, "f:image")) == "spec.containers[web].image"
    assert label(("f:metadata", "f:annotations", "f:a.b/c")) == "metadata.annotations[a.b/c]"
    assert label(("f:ports", 'k:{"port":80,"protocol":"TCP"}')) == "ports[80,TCP]"
