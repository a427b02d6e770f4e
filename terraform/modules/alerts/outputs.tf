output "topic_id" {
  description = "The topic."
  value       = oci_ons_notification_topic.this.id
}

output "log_group_id" {
  description = "The log group."
  value       = oci_logging_log_group.this.id
}
