output "repositories" {
  description = "Names of the repositories, by function."
  value       = { for function, repository in oci_artifacts_container_repository.this : function => repository.display_name }
}
