"""OCI's services on this machine, as far as kubestandby asks them: the REST API as documented, with faults on demand.

`OciServer` runs in a thread of a test; `python -m tests.fakes.oci_server` runs it as a process.
"""

from tests.fakes.oci_server.server import OciServer

__all__ = ["OciServer"]
