"""`python -m kubestandby.cli`: the same command line where the script is not on the path."""

from kubestandby.cli.main import main

main()
