output "url" {
  description = "The URL before /GROUP/NAME."
  value       = oci_apigateway_deployment.webhooks.endpoint
}

output "deployment_id" {
  description = "The deployment, for logs and alarms."
  value       = oci_apigateway_deployment.webhooks.id
}
