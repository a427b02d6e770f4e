"""Whether a deployment concerns a group: its configuration's globs against what the delivery names. Pure."""

from dataclasses import fields
from fnmatch import fnmatchcase

from kubestandby.events import Deployed
from kubestandby.groups import WebhookMatch

_SINGULAR = {
    "repositories": "repository",
    "branches": "branch",
    "applications": "application",
    "environments": "environment",
    "images": "image",
}


def mismatch(match: WebhookMatch, deployed: Deployed) -> str:
    """Why the deployment does not concern the group, "" where it does. Says nothing of what the delivery holds."""
    for field in fields(WebhookMatch):
        patterns, names = getattr(match, field.name), getattr(deployed, field.name)
        if patterns and not names:
            return f"it names no {_SINGULAR[field.name]}, and this webhook asks for one"
        if patterns and not any(fnmatchcase(name, pattern) for name in names for pattern in patterns):
            return f"its {_SINGULAR[field.name]} is not one of this webhook's"
    return ""
