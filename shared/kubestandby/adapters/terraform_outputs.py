"""The configuration file from what Terraform has made: its outputs already hold the documents, as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kubestandby.adapters.group_file import MAX_BYTES, read_groups
from kubestandby.errors import ConfigError

OUTPUT = "configuration"
"""Name of the output in `terraform/outputs.tf`."""
_HEADER = (
    "# From Terraform's outputs, by `kubestandby config from-terraform`: change Terraform's inputs, and make it anew.\n"
)
_NEXT_STEP = "give what `terraform output -json` prints where kubestandby was applied"


def configuration_from(data: bytes, what: str) -> str:
    """The text of the configuration file, of what `terraform output -json` has printed; `what` names where it is from.

    Raises:
        ConfigError: that is something else, or a document in it is not one of a protection group.
    """
    documents = _documents(_parsed(data, what), what)
    parts = [yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120) for document in documents]
    text = _HEADER + "---\n".join(parts)
    # Not for its value: what is printed here is to be taken by every other command.
    read_groups(text.encode(), f"the output {OUTPUT} of {what}", Path.cwd())
    return text


def _parsed(data: bytes, what: str) -> Any:
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{what} is larger than {MAX_BYTES >> 20} MiB; {_NEXT_STEP}")
    try:
        return json.loads(data)
    except ValueError as error:
        raise ConfigError(f"{what} is not JSON; {_NEXT_STEP}") from error


def _documents(outputs: Any, what: str) -> Sequence[Any]:
    """All outputs, or only this one (`terraform output -json configuration`)."""
    if isinstance(outputs, Mapping):
        output = outputs.get(OUTPUT)
        if not isinstance(output, Mapping) or "value" not in output:
            raise ConfigError(f"{what} has no output named {OUTPUT}; {_NEXT_STEP}")
        outputs = output["value"]
    if not isinstance(outputs, list) or not outputs:
        raise ConfigError(f"the output {OUTPUT} of {what} is no list of documents; {_NEXT_STEP}")
    return outputs
