"""Takes the manifests of a protection group out of the primary cluster."""
