"""`kubestandby demo`: an application crosses from one cluster to another, and then the primary is lost."""
