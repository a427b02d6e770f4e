"""`config`: makes a configuration file."""

from typing import BinaryIO

import click

from kubestandby.adapters.group_file import MAX_BYTES
from kubestandby.adapters.terraform_outputs import configuration_from
from kubestandby.cli.options import examples


@click.group("config", no_args_is_help=True)
def config_file() -> None:
    """Make a configuration file."""


@config_file.command(
    "from-terraform",
    epilog=examples(
        "terraform -chdir=terraform output -json | kubestandby config from-terraform - > shop.yaml",
        "kubestandby config from-terraform outputs.json > shop.yaml",
    ),
)
@click.argument("outputs", type=click.File("rb"), metavar="FILE|-")
def from_terraform(outputs: BinaryIO) -> None:
    """Print the configuration file of what Terraform has made.

    FILE holds what `terraform output -json` has printed; - is standard input. It names where buckets, clusters and keys
    are, and holds no secret.
    """
    name = getattr(outputs, "name", "<stdin>")
    what = "standard input" if name == "<stdin>" else name
    click.echo(configuration_from(outputs.read(MAX_BYTES + 1), what), nl=False)
