"""What a server's refusal means for a restore: its words for the report, and whether trying again makes sense. Pure.

The adapter has already taken manifest data out of the message and has retried what passes by itself.
"""

import re

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.resources import Manifest, ObjectRef

from .references import child

_LONGEST_REASON = 500

_SILENT_WEBHOOK = re.compile(r'failed calling webhook "([^"]+)"')
_NODE_PORT = re.compile(r"spec\.ports\[(\d+)\]\.nodePort|spec\.healthCheckNodePort")


def describe(error: ClusterError) -> str:
    """The refusal in one line for the report."""
    words = " ".join(str(error).split()) or error.reason
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]}…"


def explain(ref: ObjectRef, manifest: Manifest, error: ClusterError) -> str:
    """The refusal with the next step, where the server's words do not show it."""
    words = describe(error)
    if ref.gvk.group_kind != ("", "Service") or not is_invalid(error):
        return words
    if "spec.clusterIP" in words:
        return (
            f"{words}; the standby cannot give the address {child(manifest, 'spec', 'clusterIP')}: another Service has "
            "it, or it is not of the standby's service network; free it, or have a transform take /spec/clusterIP and "
            "/spec/clusterIPs out of the Service"
        )
    if _NODE_PORT.search(words):
        return (
            f"{words}; the standby cannot give this node port: another Service has it, or it is out of the standby's "
            "range; free it, or have a transform take it out of the Service"
        )
    return words


def is_typing_failure(error: ClusterError) -> bool:
    """Whether server-side apply cannot express the object, which the server itself would take whole.

    Lists that the schema declares as maps may hold duplicate keys in stored objects, but not in an applied
    configuration (structured-merge-diff: "duplicate entries for key"). The server says so only in its message
    (`failed to create typed patch object`, apimachinery/pkg/util/managedfields).
    """
    return "failed to create typed patch object" in str(error) or "failed to create typed live object" in str(error)


def is_invalid(error: ClusterError) -> bool:
    """Whether the object's content was refused: 422, from validation of the fields or of the change."""
    return error.status == 422


def is_webhook_failure(error: ClusterError) -> bool:
    """Whether an admission or conversion webhook could not be called; its server may be a part of this restore."""
    return error.status == 500 and "webhook" in str(error)


def silent_webhook(error: ClusterError) -> str:
    """Name of the admission webhook that could not be called, "" where the refusal is another (webhook/errors)."""
    found = _SILENT_WEBHOOK.search(str(error)) if is_webhook_failure(error) else None
    return found[1] if found else ""


def refuses_dry_run(error: ClusterError) -> bool:
    """Whether a webhook with side effects stands in the way of a dry run (400, admission plugin `webhook`)."""
    return error.status == 400 and "dry run" in str(error)


def may_pass(error: ClusterError) -> bool:
    """Whether the same request may succeed a little later, once other objects are there or the server has caught up.

    409: somebody else wrote. 404: a namespace or type that is not there yet. 403: role bindings, service accounts and
    quota status reach the authoriser and the admission plugins late.
    """
    return isinstance(error, ClusterUnavailableError) or error.status in (403, 404, 409)
