output "application_id" {
  description = "The application."
  value       = oci_functions_application.this.id
}

output "function_ids" {
  description = "OCIDs of the functions, by name."
  value       = { for name, function in oci_functions_function.this : name => function.id }
}

output "invoke_endpoints" {
  description = "Where each function is invoked."
  value       = { for name, function in oci_functions_function.this : name => function.invoke_endpoint }
}
