"""Commands that need no configuration: `schema` and `completion`."""

from importlib.resources import files

import click
from click.shell_completion import get_completion_class

from kubestandby.cli.options import examples

PROGRAM = "kubestandby"


@click.command(
    epilog=examples(
        "kubestandby schema > protection-group.schema.json",
    )
)
def schema() -> None:
    """Print the JSON Schema of the configuration."""
    click.echo(files("kubestandby").joinpath("protection-group.schema.json").read_text(encoding="utf-8"), nl=False)


@click.command(
    epilog=examples(
        "source <(kubestandby completion bash)                        # in ~/.bashrc",
        "source <(kubestandby completion zsh)                         # in ~/.zshrc",
        "kubestandby completion fish > ~/.config/fish/completions/kubestandby.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(script(ctx.find_root().command, {}, PROGRAM, "_KUBESTANDBY_COMPLETE").source())
