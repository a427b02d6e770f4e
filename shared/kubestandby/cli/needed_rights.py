"""Shows which rights are missing on a cluster: the objects that its administrator applies, alone on stdout."""

from collections.abc import Mapping
from typing import Any

import click

from kubestandby.cli.options import Output
from kubestandby.cli.wording import printable


def show_needed(needs: Mapping[str, Any], output: Output) -> None:
    """The manifest as it is applied, where something is missing; as JSON it is part of the outcome already."""
    manifest = str(needs.get("manifest", ""))
    if manifest and output is Output.TABLE:
        site = printable(str(needs.get("site", "")))
        click.echo(f"# For an administrator of the cluster of {site}: kubectl apply -f -\n{manifest}", nl=False)
