output "alarm_ids" {
  description = "OCIDs of the alarms, by name."
  value       = { for name, alarm in oci_monitoring_alarm.this : name => alarm.id }
}

output "connector_ids" {
  description = "OCIDs of the connectors."
  value       = [for connector in oci_sch_service_connector.dead_ends : connector.id]
}
