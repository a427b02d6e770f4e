"""`POST /webhooks/GROUP/NAME`: proof first, on the raw bytes; then what is told; then the request. Answers at once.

202 {"request": NAME, "group": ..., "site": ...}   an export is asked for, or was and has not begun
200 {"ignored": WHY}                               proven, and no reason to export
400, 404, 405, 413                                 malformed, no such webhook, not POST, larger than 64 KiB
401                                                not proven; nothing more is said
503                                                not possible now, or a secret cannot be read: the log says why
"""

import logging
from collections.abc import Mapping

from kubestandby.adapters import wire_json
from kubestandby.adapters.webhook_secrets import usable_secrets
from kubestandby.errors import BadInputError, ConfigError, StandbyError
from kubestandby.events import PlatformDeployment
from kubestandby.groups import ProtectionGroup, Webhook
from kubestandby.runtime.answers import Answer
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import bound, error_facts
from kubestandby.runtime.webhooks.intake import Intake, Taken
from kubestandby.runtime.webhooks.matching import mismatch
from kubestandby.runtime.webhooks.senders import read
from kubestandby.runtime.webhooks.signatures import Delivery, UnprovenError, check_proof

PREFIX = "/webhooks/"
_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS = "10"


def url_path(group: ProtectionGroup, webhook: Webhook) -> str:
    """Where the webhook is posted to."""
    return f"{PREFIX}{group.name}/{webhook.name}"


class Webhooks:
    """The webhooks of all groups of the configuration."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._intake = Intake(context)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answers one delivery. `body` may be cut behind `wire_json.MAX_BYTES`, where it is refused anyway."""
        found = self._find(path)
        if found is None:
            return Answer(404, {"error": "there is no such webhook"})
        if method != "POST":
            return Answer(405, {"error": "use POST"}, {"Allow": "POST"})
        group, webhook = found
        with bound(group=group.name, webhook=webhook.name):
            return self._guarded(group, webhook, Delivery({k.lower(): v for k, v in headers.items()}, body))

    def on_platform(self, event: PlatformDeployment) -> Answer:
        """Asks for an export of every group that has a webhook for this event.

        Raises:
            StandbyError: an export could not be asked for; the event should come again.
        """
        asked: list[Mapping[str, str]] = []
        for group in self._context.groups:
            for webhook in group.webhooks:
                if webhook.kind == event.sender and not mismatch(webhook.match, event.deployed):
                    with bound(group=group.name, webhook=webhook.name):
                        asked.append(self._ask(group, webhook, event.event_id).body)
        return Answer(202, {"asked": asked}) if asked else Answer(200, {"ignored": "it concerns no group"})

    def _find(self, path: str) -> tuple[ProtectionGroup, Webhook] | None:
        group_name, _, name = path.removeprefix(PREFIX).partition("/")
        group = self._context.group(group_name)
        webhooks = group.webhooks if group else ()
        webhook = next((one for one in webhooks if one.name == name and not one.kind.is_event), None)
        return (group, webhook) if group and webhook else None

    def _guarded(self, group: ProtectionGroup, webhook: Webhook, delivery: Delivery) -> Answer:
        """Answers without a word about this machine: whoever calls may be anybody."""
        try:
            return self._answer(group, webhook, delivery)
        except UnprovenError as error:
            _LOG.warning("webhook_unproven", extra={"reason": str(error)})
            return Answer(401, {"error": "unauthorized"})
        except BadInputError as error:
            _LOG.warning("bad_input", extra=error_facts(error))
            return Answer(400, {"error": str(error)})
        except StandbyError as error:
            again = error.transient or isinstance(error, ConfigError)
            _LOG.error("webhook_not_taken", extra=error_facts(error))
            if again:
                return Answer(503, {"error": "not possible now; try again"}, {"Retry-After": _AGAIN_SECONDS})
            return Answer(500, {"error": "not possible; the function's log says why"})

    def _answer(self, group: ProtectionGroup, webhook: Webhook, delivery: Delivery) -> Answer:
        if len(delivery.body) > wire_json.MAX_BYTES:
            return Answer(413, {"error": f"the body is larger than {wire_json.MAX_BYTES >> 10} KiB; send less"})
        check_proof(webhook.kind, delivery, usable_secrets(webhook.secrets), self._context.clock.now())
        told = read(webhook.kind, delivery, wire_json.parse_object(delivery.body))
        refusal = told.refusal or mismatch(webhook.match, told.deployed)
        if refusal:
            _LOG.info("webhook_ignored", extra={"reason": refusal})
            return Answer(200, {"ignored": refusal})
        return self._ask(group, webhook, told.id)

    def _ask(self, group: ProtectionGroup, webhook: Webhook, delivery: str) -> Answer:
        taken = self._intake.take(group, webhook.name, delivery)
        _LOG.info(_event_name(taken), extra={"request": taken.request, "site": taken.site.name})
        facts = {"request": taken.request, "group": group.name, "site": taken.site.name}
        if taken.came_before:
            return Answer(200, {"ignored": "this delivery was taken before", **facts})
        return Answer(202, facts)


def _event_name(taken: Taken) -> str:
    if taken.came_before:
        return "webhook_came_before"
    return "request_written" if taken.is_new else "request_joined"
