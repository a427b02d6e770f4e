"""Writes a bill of materials (CycloneDX, JSON) for each thing that is delivered: `python -m supply_chain.sbom dist`.

One for the command line's wheel and one for each function's image, each made from the lock file that it is installed
from, with who needs whom. The same lock gives the same bytes: there is no time in it, and its number is its digest.
"""

import json
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from supply_chain.locks import OURS, ROOT, Pin, Requirements, read_lock

DELIVERED = ("cli", "export", "restore", "sanitize")
_NUMBERS = uuid.uuid5(uuid.NAMESPACE_URL, "https://kubestandby.dev/bill-of-materials")


def write_bill(extra: str, folder: Path, root: Path = ROOT) -> Path:
    """Writes `kubestandby-EXTRA.cdx.json`, held against CycloneDX' schema; returns its path.

    Raises:
        ValueError: it does not fit the schema.
    """
    text = _numbered(JsonV1Dot6(_bill(extra, root)).output_as_string())
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ValueError(f"the bill of {extra} does not fit CycloneDX 1.6: {problem}")
    target = folder / f"kubestandby-{extra}.cdx.json"
    target.write_text(text, encoding="utf-8")
    return target


def _bill(extra: str, root: Path) -> Bom:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    kind = ComponentType.APPLICATION
    ours = Component(name=OURS, version=project["version"], type=kind, bom_ref=OURS, description=project["description"])
    lock = read_lock(root / "requirements" / f"{extra}.txt")
    components = {name: _component(name, pin) for name, pin in lock.items()}
    bill = Bom(components=components.values())
    bill.metadata.component = ours
    needed: dict[str, list[Component]] = {}
    for name, askers in Requirements(project).needed(extra).items():
        for asker, _ in askers:
            needed.setdefault(asker, []).append(components[name])
    for name, component in {OURS: ours, **components}.items():
        bill.register_dependency(component, needed.get(name, []))
    return bill


def _component(name: str, pin: Pin) -> Component:
    """A locked package. Any of its files may be installed, so their digests belong to where they come from."""
    purl = PackageURL("pypi", None, name, pin.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in sorted(pin.hashes)]
    source = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(purl)), hashes=hashes)
    return Component(name=name, version=pin.version, purl=purl, bom_ref=str(purl), external_references=[source])


def _numbered(text: str) -> str:
    bill: dict[str, Any] = json.loads(text)
    bill["metadata"].pop("timestamp")
    bill.pop("serialNumber")
    bare = json.dumps(bill, indent=1, sort_keys=True)
    return json.dumps({**bill, "serialNumber": uuid.uuid5(_NUMBERS, bare).urn}, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Writes all bills into the folder that is given."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m supply_chain.sbom FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for extra in DELIVERED:
        print(write_bill(extra, folder))  # noqa: T201 - a command


if __name__ == "__main__":
    main()
