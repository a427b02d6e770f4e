"""What rights the functions need on a site's cluster, as RBAC objects; and what is missing, when something is."""
