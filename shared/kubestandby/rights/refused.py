"""Which right a server has refused, from its own words. Pure."""

import re

from kubestandby.privileges import Right

_REFUSED = re.compile(
    r'(?:"(?P<name>[^"]*)" is forbidden: )?User "(?P<user>[^"]*)" cannot (?P<verb>[a-z]+)'
    r' resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"(?: in the namespace "(?P<namespace>[^"]*)")?'
)
"""k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, `forbiddenMessage`."""


def refused_right(words: str) -> Right | None:
    """The right whose lack an authoriser has told; None where the words are about something else."""
    found = _REFUSED.search(words)
    if found is None:
        return None
    namespace, name = found["namespace"] or "", found["name"] or ""
    if (found["group"], found["resource"]) == ("", "namespaces"):  # an object of its own, and the place of its own
        namespace, name = "", name or namespace
    return Right(
        verb=found["verb"],
        group=found["group"],
        resource=found["resource"],
        namespace=namespace,
        name="" if namespace else name,
    )
