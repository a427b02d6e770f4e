"""What a JSON Schema cannot say of `spec.transforms`: sites that do not exist, maps with no way back, rules in vain."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from kubestandby.adapters.marked_yaml import Path, shown
from kubestandby.groups import DEFAULT_EXCLUDED_NAMESPACES
from kubestandby.transforms import FieldPath, ImageTransform, NamespaceTransform, Transform, TwoWay

_FOR_EACH_SITE = ("labels", "annotations", "patch", "merge", "drop")
"""Cannot be reversed, so they say for which site they are. Each of them needs a selection, too."""
_SELECTING = (*_FOR_EACH_SITE, "claims")
_OF_CLAIMS = ("names", "namespaces", "labels")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the document, and what raises the error of a field there."""

    path: Path
    fault: Callable[[Path, str], NoReturn]

    def __truediv__(self, key: str | int) -> "Spot":
        return Spot((*self.path, key), self.fault)

    def wrong(self, problem: str) -> NoReturn:
        """Raises the ConfigError of this place; `problem` says what is wrong and what to write."""
        self.fault(self.path, problem)


def check_selection(item: Mapping[str, Any], kind: str, spot: Spot) -> None:
    """A selection is there exactly where the kind of transform has a use for one."""
    if kind in _FOR_EACH_SITE and "select" not in item:
        spot.wrong(f"select is missing; say which objects {kind} is for, such as select: {{kinds: [Service]}}")
    if "select" not in item:
        return
    if kind not in _SELECTING:
        (spot / "select").wrong(f"{kind} concerns every object; leave select out")
    if kind == "claims" and not item["select"].keys() <= set(_OF_CLAIMS):
        (spot / "select").wrong(f"claims are selected by {', '.join(_OF_CLAIMS)} alone; leave the rest out")


def check_sites(item: Mapping[str, Any], kind: str, sites: Sequence[str], spot: Spot) -> None:
    """`for` names sites of the group, where it has to be and where it may be."""
    for number, site in enumerate(item.get("for", ())):
        if site not in sites:
            (spot / "for" / number).wrong(f"{shown(site)} is not one of the sites; write {' or '.join(sites)}")
    if kind in _FOR_EACH_SITE and "for" not in item:
        spot.wrong(f"for is missing; say for which site's snapshots {kind} is, such as for: [{sites[-1]}]")
    if kind == "namespaces" and "for" in item:
        (spot / "for").wrong("namespaces have one name at each site, so the map goes both ways; leave for out")


def check_way_back(transform: Transform, spot: Spot) -> None:
    """A map without `for` is reversed on the way back, so it must be one to one."""
    if isinstance(transform, ImageTransform):
        _check_rules(transform, spot / "images" / "rules")
    elif isinstance(transform, TwoWay) and not transform.sites:
        _check_one_to_one(transform.names, spot)


def check_fields(fields: Sequence[FieldPath], spot: Spot) -> None:
    """What a Secret holds travels sealed: nobody on the way can change it."""
    for number, field in enumerate(fields):
        if (field.group, field.kind) == ("", "Secret") and field.path[0] != "metadata":
            (spot / "fields" / number).wrong(
                "what a Secret holds is not changed on the way; leave the Secret out with drop, and keep the other "
                "site's own there"
            )


def check_alone(transform: Transform, others: Sequence[Transform], spot: Spot) -> None:
    """Two maps of a kind in one direction: which of them comes first would matter, on the way back above all."""
    for other in others:
        both = not transform.sites or not other.sites or set(transform.sites) & set(other.sites)
        if isinstance(transform, TwoWay) and type(other) is type(transform) and both:
            spot.wrong(f"{other.name} is of the same kind and for the same site; write both as one")


def check_namespaces(transform: NamespaceTransform, spec: Mapping[str, Any], spot: Spot) -> None:
    """The map is about the group's namespaces, and gives none of them another one's name."""
    spot = spot / "namespaces" / "map"
    listed = spec.get("namespaces", ())
    excluded = {*DEFAULT_EXCLUDED_NAMESPACES, *spec.get("excludeNamespaces", ())}
    for old, new in transform.names.items():
        if (listed and old not in listed) or (not listed and old in excluded):
            (spot / old).wrong(f"{shown(old)} is not one of the group's namespaces; name it in spec.namespaces")
        if new in listed and new not in transform.names:
            (spot / old).wrong(f"{shown(new)} is another one of the group's namespaces; choose another name")
        if new in excluded:
            (spot / old).wrong(f"{shown(new)} is left out of every export; choose another name")


def _check_one_to_one(names: Mapping[str, str], spot: Spot) -> None:
    seen: dict[str, str] = {}
    for old, new in names.items():
        if new in seen:
            spot.wrong(
                f"{shown(seen[new])} and {shown(old)} both become {shown(new)}, and could not be told apart on the way "
                "back; give each its own, or name the one site that the map is for, such as for: [SITE]"
            )
        seen[new] = old


def _check_rules(transform: ImageTransform, spot: Spot) -> None:
    for number, rule in enumerate(transform.rules):
        for earlier in transform.rules[:number]:
            if earlier.source.holds(rule.source):
                (spot / number / "from").wrong(
                    f"the rule from {earlier.source} comes first and takes all of {rule.source}; write this one first"
                )
            nested = earlier.target.holds(rule.target) or rule.target.holds(earlier.target)
            if nested and not transform.sites:
                (spot / number / "to").wrong(
                    f"{rule.target} and {earlier.target} could not be told apart on the way back; give each its own, "
                    "or name the one site that the transform is for, such as for: [SITE]"
                )
