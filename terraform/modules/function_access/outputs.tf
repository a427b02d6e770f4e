output "dynamic_groups" {
  description = "OCIDs of the dynamic groups, by SITE-FUNCTION: subjects of the clusters' role bindings."
  value       = { for name, group in oci_identity_dynamic_group.this : name => group.id }
}
