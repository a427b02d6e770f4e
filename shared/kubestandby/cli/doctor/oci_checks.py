"""What stays open on Oracle Cloud, and who checks it: the numbers are those of docs/install-oci.md, "Live checks"."""

from collections.abc import Iterator

from kubestandby.cli.doctor.verdicts import Check, Level
from kubestandby.groups import Site

LOOKED_AT = {1: "requests are carried out", 6: "create-only"}
"""Those that the other checks of a site answer, by the end of their subject."""

BY_HAND = {
    2: ("Events waits for a call", "make work of over five minutes; the log has `goes_on` before 300 s are over"),
    3: ("schedules call", "oci resource-scheduler schedule list --compartment-id OCID: time-last-run"),
    4: ("how fine a schedule may be", "oci resource-scheduler schedule create with */15 * * * *, by hand"),
    5: ("an alarm repeats itself", "with timer.driver = alarm: ticks at the interval in export's log for a day"),
    7: ("key prefixes hold", "oci os object get --name imports/none as sanitize's principal: 404"),
    8: ("OKE takes a function's token", "the export function's log has no 401 of the cluster"),
    9: ("lifecycle rules may be carried out", "oci os object-lifecycle-policy get --bucket-name BUCKET"),
    10: ("functions reach the other region", "kubestandby status: each site has heartbeats of the other's exports"),
    11: ("the gateway invokes", "curl -X POST URL/GROUP/NAME without a signature: 401"),
    12: ("dead ends are told", "a group with a wrong kubeconfig: a message within five minutes"),
    13: ("containers are ready in time", "the first call after an idle hour does not fail"),
    14: ("images are pulled, subnets used", "oci fn function invoke of each function: not 502"),
    15: ("a failed detached call is told", "oci fn function invoke --fn-invoke-type detached with {}: a message"),
    16: ("copies keep up", "oci os replication list-replication-policies --bucket-name BUCKET"),
    17: ("a signing key signs", "kubestandby keys check --vaults"),
}
"""What needs a function's own identity, or a service that nothing here asks."""


def is_on_oci(site: Site) -> bool:
    """Whether the site's functions are OCI's."""
    return site.data.startswith("oci://")


def oci_checks(site: Site) -> Iterator[Check]:
    """What has to be looked at by hand, once per tenancy."""
    if is_on_oci(site):
        for number, (what, how) in BY_HAND.items():
            yield Check(f"OCI {number}: {what}", Level.NOT_CHECKED, "see docs/install-oci.md, live checks", how)
