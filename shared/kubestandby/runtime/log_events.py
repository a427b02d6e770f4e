"""Every event that our processes log, with its facts: the catalogue that docs/logs.md is made from.

A name, once there, keeps its meaning: alarms and searches are built on it. `python -m kubestandby.runtime.log_events`
prints the tables of docs/logs.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LIBRARY_MESSAGE = "library_message"
CRASHED = "crashed"

_OF_AN_ERROR = ("error", "cause", "places")


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event.

    Attributes:
        levels: at which it is logged: "INFO", or "INFO or ERROR" where its facts decide.
        meaning: one sentence for whoever reads the log, with the next step where there is one.
        facts: what is told beside what is bound (`ALWAYS`, `BOUND`); not each of them has to be there.
    """

    levels: str
    meaning: str
    facts: tuple[str, ...] = ()


ALWAYS: Mapping[str, str] = {
    "time": "when, in UTC, to the millisecond",
    "level": "`INFO`, `WARNING` (goes on, look at it some time) or `ERROR` (did not come to pass)",
    "event": "one of the names below",
    "logger": "the module that tells it",
}
"""Fields of every line."""

BOUND: Mapping[str, str] = {
    "function": "`export`, `sanitize` or `restore`",
    "call": "the platform's id of the call",
    "event_id": "id of the event that is being handled",
    "key": "key of the object that it tells of",
    "group": "the protection group",
    "site": "the site",
    "request": "name of the request, as in `requests/` and `outcomes/`",
    "snapshot": "`EPOCH-GENERATION`",
    "webhook": "name of the webhook",
}
"""Fields of every line that is written while something is worked on, as far as it is known."""

FACTS: Mapping[str, str] = {
    "action": "what is asked for: `export`, `import`, `sanitize`, `restore`, `plan`, `failover`",
    "again_in": "seconds until it is tried again",
    "at": "the site whose bucket it is",
    "attempt": "number of the attempt, from 1",
    "attempts": "how often it was tried",
    "before": "the step before which the work stopped",
    "bucket": "URL of the bucket",
    "cause": "the error's sentence; of an error of ours only",
    "code": "exit status; negative: killed by that signal",
    "continuation": "name of the request that goes on with the work",
    "deadline": "when the call had to be over",
    "epoch": "number of the epoch",
    "error": "type of the error",
    "folder": "the folder of a bucket",
    "function": "the function that is meant, where another process tells it",
    "group": "the protection group that is meant",
    "label": "what was delivered: the object, `tick` or the call",
    "origin": "who asked: `timer`, `webhook`, `operator`, `tick`",
    "outcome": "name of the outcome, as in `outcomes/`",
    "part": "number of the part of a work that takes several calls",
    "pid": "process id",
    "places": "for an error that is not ours: files, lines and functions that it passed, never its text",
    "polling": "whether the folder is looked through again and again from now on",
    "port": "port of the loopback interface",
    "primary": "the site that is primary from now on",
    "reason": "why, as a sentence",
    "request": "the request that is meant",
    "retry_after": "seconds after which the caller is asked to come again",
    "said": "the outcome's sentence",
    "seconds": "how long it took",
    "site": "the site that is meant",
    "site_unreachable": "the site whose bucket does not answer",
    "snapshot": "the snapshot that is meant",
    "status": "HTTP status",
    "text": "first line of a library's message, before it has put anything into it; at most 200 characters",
    "told": "the site that was told",
    "verdict": "`done`, `unchanged`, `incomplete`, `refused`, `needs-privilege` or `failed`",
    "with": "the other site",
}
"""What each fact means, whatever event it belongs to."""

CALLS: Mapping[str, LogEvent] = {
    "bad_input": LogEvent("WARNING", "A call or delivery that cannot be understood; answered 400.", _OF_AN_ERROR),
    "call_came_too_late": LogEvent(
        "WARNING", "The platform's deadline for the call was over when it came.", ("deadline",)
    ),
    "call_failed": LogEvent("WARNING", "The call was answered so that the platform delivers it again.", ("status",)),
    "event_ignored": LogEvent("INFO", "An event of an object that is none of this function's business.", ("reason",)),
    "failed": LogEvent("ERROR", "The call failed for good: trying again would give the same.", _OF_AN_ERROR),
    "refused": LogEvent("WARNING", "This site may not do that now: another one is primary.", _OF_AN_ERROR),
    "try_again": LogEvent(
        "WARNING or ERROR",
        "Not possible now; answered 503. ERROR where the configuration is wrong: correct it.",
        (*_OF_AN_ERROR, "retry_after"),
    ),
    "unexpected_error": LogEvent("ERROR", "A bug; answered 500. Please report its type and places.", _OF_AN_ERROR),
    "untrusted_call": LogEvent("WARNING", "A call from elsewhere that is no signed webhook; answered 403."),
}

WORK: Mapping[str, LogEvent] = {
    "control_bucket_unreachable": LogEvent(
        "WARNING", "Who is primary was decided without what that site knows.", ("site_unreachable",)
    ),
    "epoch_begun": LogEvent("WARNING", "Roles have changed: a failover has begun.", ("epoch", "primary")),
    "epoch_not_shared": LogEvent(
        "WARNING",
        "The other site was not told of the new epoch; a tick makes it good.",
        ("with", "epoch", *_OF_AN_ERROR),
    ),
    "epoch_shared": LogEvent("INFO", "The other site was told of the epoch.", ("told", "epoch")),
    "failover_resumed": LogEvent("WARNING", "A failover that did not come through is taken up.", ("epoch", "snapshot")),
    "goes_on": LogEvent(
        "INFO", "The work stopped at a safe point and goes on in another call.", ("continuation", "part", "before")
    ),
    "heartbeat_not_shared": LogEvent(
        "WARNING",
        "The other site has no copy of the sign of life; the next export makes another.",
        ("with", *_OF_AN_ERROR),
    ),
    "heartbeats_unreadable": LogEvent(
        "WARNING", "Freshness was judged without that site's signs of life.", ("at", *_OF_AN_ERROR)
    ),
    "nothing_pruned": LogEvent("WARNING", "Nothing was deleted, since what is there could not be told.", ("reason",)),
    "primary_not_asked": LogEvent(
        "WARNING", "An import goes on without what the primary's cluster could tell.", _OF_AN_ERROR
    ),
    "pushed_again": LogEvent("WARNING", "A tick pushes work whose event was lost.", ("request",)),
    "record_not_believed": LogEvent(
        "ERROR",
        "A record (request, outcome, epoch, mark, ...) does not count: see who else can write to that bucket.",
        ("cause",),
    ),
    "request_done": LogEvent(
        "INFO or ERROR",
        "A request has its outcome; ERROR where that is `failed`, `refused` or `needs-privilege`.",
        ("outcome", "verdict", "said", "action"),
    ),
    "request_given_up": LogEvent(
        "ERROR", "A request was tried too often, and is not tried again.", ("request", "reason")
    ),
    "request_started": LogEvent("INFO", "Work on a request begins.", ("action", "origin", "attempt")),
    "request_written": LogEvent(
        "INFO", "Somebody's request was taken; answered 202.", ("request", "site", "group", "action", "origin")
    ),
    "snapshot_held": LogEvent(
        "ERROR",
        "A snapshot's number is one that nothing leads up to; an operator has to name it.",
        ("snapshot", "reason"),
    ),
    "snapshot_started": LogEvent("INFO", "Work on a snapshot that has come begins."),
    "snapshot_taken_in": LogEvent("INFO", "Work on a snapshot that has come is over.", ("verdict", "said")),
    "versions_not_told": LogEvent(
        "WARNING",
        "The cluster could not be asked what it serves, so the other site was not told; the next tick asks again.",
        ("with", *_OF_AN_ERROR),
    ),
    "versions_told": LogEvent(
        "INFO", "The other site was told in which versions the cluster serves what it serves.", ("told",)
    ),
    "sweep_failed": LogEvent("WARNING", "A tick could not look after a group; the next one tries again.", _OF_AN_ERROR),
}

WEBHOOKS: Mapping[str, LogEvent] = {
    "request_joined": LogEvent(
        "INFO", "A delivery asks for an export that waits already; answered 202.", ("request", "site")
    ),
    "webhook_came_before": LogEvent("INFO", "The same delivery was taken before; answered 200.", ("request", "site")),
    "webhook_ignored": LogEvent("INFO", "A delivery that `match` leaves out; answered 200.", ("reason",)),
    "webhook_not_taken": LogEvent("ERROR", "A proven delivery could not be written down.", _OF_AN_ERROR),
    "webhook_secret_unusable": LogEvent("WARNING", "One of a webhook's secrets cannot be read.", ("cause",)),
    "webhook_unproven": LogEvent("WARNING", "A delivery that does not prove its sender; answered 401.", ("reason",)),
}

MACHINE: Mapping[str, LogEvent] = {
    "bucket_unreachable": LogEvent("WARNING", "A bucket's folder cannot be made or looked at.", ("folder", "reason")),
    "bucket_unreadable": LogEvent("WARNING", "A bucket cannot be listed; it is tried again.", ("bucket", "reason")),
    CRASHED: LogEvent("ERROR", "A process or thread ended by an error. Please report type and places.", _OF_AN_ERROR),
    "delivered": LogEvent("INFO", "A call came to its end.", ("function", "label", "status", "seconds")),
    "relaying": LogEvent("INFO", "The relay of a site has begun to look for new objects.", ("site",)),
    "delivery_given_up": LogEvent(
        "ERROR", "A call failed too often; a tick takes the work up.", ("function", "label", "status", "attempts")
    ),
    "function_died": LogEvent(
        "WARNING", "A function's process ended; it is started again.", ("function", "code", "again_in")
    ),
    "function_started": LogEvent("INFO", "A function's process was started.", ("function", "pid", "port")),
    LIBRARY_MESSAGE: LogEvent(
        "WARNING or ERROR", "Something that a library says; `logger` names it.", ("text", "error", "places")
    ),
    "watch_failed": LogEvent("WARNING", "The folder's changes are not told any more.", ("reason", "polling")),
}

STORES: Mapping[str, LogEvent] = {
    "oci_token_not_renewed": LogEvent(
        "WARNING", "The credentials of OCI could not be renewed; those that are there are used on.", ("cause",)
    ),
    "upload_left_behind": LogEvent("WARNING", "Parts of an upload that failed could not be removed.", ("cause",)),
}

SECTIONS: Mapping[str, Mapping[str, LogEvent]] = {
    "Calls and events": CALLS,
    "Work on requests and snapshots": WORK,
    "Webhooks": WEBHOOKS,
    "Processes on one machine, and what does not fit elsewhere": MACHINE,
    "Object stores": STORES,
}

EVENTS: Mapping[str, LogEvent] = {name: event for section in SECTIONS.values() for name, event in section.items()}


def document() -> Iterator[str]:
    """The lines of docs/logs.md's tables."""
    for title, section in SECTIONS.items():
        yield from (f"## {title}", "", "| event | level | means | fields |", "|---|---|---|---|")
        for name, event in sorted(section.items()):
            facts = ", ".join(f"`{fact}`" for fact in event.facts) or "-"
            yield f"| `{name}` | {event.levels} | {event.meaning} | {facts} |"
        yield ""
    for title, fields in (
        ("Fields of every line", ALWAYS),
        ("Fields of every line about one call, group or request", BOUND),
        ("Fields of events", FACTS),
    ):
        yield from (f"## {title}", "", "| field | means |", "|---|---|")
        yield from (f"| `{name}` | {meaning} |" for name, meaning in sorted(fields.items()))
        yield ""


if __name__ == "__main__":
    print("\n".join(document()))  # noqa: T201 - what it is for
