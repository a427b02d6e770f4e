"""`spec.transforms` of a group's document: from what the JSON Schema has let pass to typed data."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from kubestandby.adapters.marked_yaml import Path, shown
from kubestandby.adapters.transform_checks import (
    Spot,
    check_alone,
    check_fields,
    check_namespaces,
    check_selection,
    check_sites,
    check_way_back,
)
from kubestandby.image_reference import ImagePlace
from kubestandby.snapshots import SiteName
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
    TwoWay,
    Unmatched,
    VolumePolicy,
)

_CORE = "core"
Item = Mapping[str, Any]


def may_hold_lines(path: Path) -> bool:
    """Whether a value at this place of the document may have several lines: it is a part of a manifest."""
    return path[:2] == ("spec", "transforms") and len(path) > 4 and path[3] in ("patch", "merge")


def transforms_of(spec: Item, fault: Callable[[Path, str], NoReturn]) -> tuple[Transform, ...]:
    """The group's transforms, in order.

    Raises:
        ConfigError: by way of `fault`.
    """
    read: list[Transform] = []
    for number, item in enumerate(spec.get("transforms", ())):
        spot = Spot(("spec", "transforms", number), fault)
        kind = next(kind for kind in _READERS if kind in item)
        check_selection(item, kind, spot)
        check_sites(item, kind, list(spec["sites"]), spot)
        transform = _READERS[kind](item, spot)
        check_way_back(transform, spot)
        if isinstance(transform, TwoWay):
            check_fields(transform.fields, spot / kind)
        if isinstance(transform, NamespaceTransform):
            check_namespaces(transform, spec, spot)
        if any(transform.name == other.name for other in read):
            (spot / "name").wrong(f"{shown(transform.name)} is the name of two transforms; give each its own")
        check_alone(transform, read, spot)
        read.append(transform)
    return tuple(read)


def _images(item: Item, spot: Spot) -> ImageTransform:
    form, spot = item["images"], spot / "images" / "rules"
    return ImageTransform(
        **_common(item),
        rules=tuple(_image_rule(rule, spot / number) for number, rule in enumerate(form["rules"])),
        fields=_fields(form),
        unmatched=Unmatched(form.get("unmatched", Unmatched.KEEP)),
    )


def _image_rule(rule: Item, spot: Spot) -> ImageRule:
    return ImageRule(source=_place(rule["from"], spot / "from"), target=_place(rule["to"], spot / "to"))


def _place(text: str, spot: Spot) -> ImagePlace:
    try:
        return ImagePlace.parse(text)
    except ValueError as error:
        spot.wrong(f"{shown(text)} is no place of images: {error}; write REGISTRY or REGISTRY/PREFIX")


def _storage_classes(item: Item, _: Spot) -> StorageClassTransform:
    form = item["storageClasses"]
    return StorageClassTransform(**_common(item), names=form["map"], fields=_fields(form))


def _ingress_classes(item: Item, _: Spot) -> IngressClassTransform:
    form = item["ingressClasses"]
    return IngressClassTransform(**_common(item), names=form["map"], fields=_fields(form))


def _namespaces(item: Item, _: Spot) -> NamespaceTransform:
    form = item["namespaces"]
    return NamespaceTransform(**_common(item), names=form["map"], fields=_fields(form))


def _claims(item: Item, _: Spot) -> ClaimTransform:
    form = item["claims"]
    return ClaimTransform(
        **_common(item),
        select=_selector(item),
        policy=VolumePolicy(form["policy"]),
        storage_classes=tuple(form.get("storageClasses", ())),
    )


def _patch(item: Item, _: Spot) -> PatchTransform:
    operations = tuple(_operation(operation) for operation in item["patch"])
    return PatchTransform(**_common(item), select=_selector(item), operations=operations)


def _operation(form: Item) -> PatchOperation:
    return PatchOperation(
        op=form["op"], path=_tokens(form["path"]), source=_tokens(form.get("from", "")), value=form.get("value")
    )


def _merge(item: Item, _: Spot) -> MergeTransform:
    return MergeTransform(**_common(item), select=_selector(item), merge=item["merge"])


def _drop(item: Item, _: Spot) -> DropTransform:
    return DropTransform(**_common(item), select=_selector(item))


def _marks(item: Item, _: Spot) -> MarkTransform:
    labels, annotations = _mark_edit(item.get("labels", {})), _mark_edit(item.get("annotations", {}))
    return MarkTransform(**_common(item), select=_selector(item), labels=labels, annotations=annotations)


def _mark_edit(form: Item) -> MarkEdit:
    return MarkEdit(set=form.get("set", {}), replace=form.get("replace", {}), remove=tuple(form.get("remove", ())))


def _common(item: Item) -> dict[str, Any]:
    return {"name": item["name"], "sites": tuple(SiteName(site) for site in item.get("for", ()))}


def _selector(item: Item) -> Selector:
    form = item.get("select", {})
    return Selector(
        groups=tuple(_group(group) for group in form.get("groups", ())),
        kinds=tuple(form.get("kinds", ())),
        names=tuple(form.get("names", ())),
        namespaces=tuple(form.get("namespaces", ())),
        labels=form.get("labels", {}),
    )


def _fields(form: Item) -> tuple[FieldPath, ...]:
    return tuple(
        FieldPath(group=_group(field["group"]), kind=field["kind"], path=_tokens(field["path"]))
        for field in form.get("fields", ())
    )


def _group(name: str) -> str:
    return "" if name == _CORE else name


def _tokens(pointer: str) -> tuple[str, ...]:
    """The parts of a JSON pointer (RFC 6901, section 4); none for the whole document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


_READERS: Mapping[str, Callable[[Item, Spot], Transform]] = {
    "images": _images,
    "storageClasses": _storage_classes,
    "ingressClasses": _ingress_classes,
    "namespaces": _namespaces,
    "claims": _claims,
    "patch": _patch,
    "merge": _merge,
    "drop": _drop,
    "labels": _marks,
    "annotations": _marks,
}
