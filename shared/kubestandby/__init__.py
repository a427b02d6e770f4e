"""Disaster recovery of Kubernetes applications by artifact snapshots.

This library holds what the three functions (export, sanitize, restore) and the command line share: words, stored
formats, ports, adapters and the runtime. What only one function does lives in that function's folder.
"""

__version__ = "0.1.0"
