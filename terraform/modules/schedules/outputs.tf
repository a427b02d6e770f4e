output "schedule_ids" {
  description = "OCIDs of the schedules."
  value       = [for schedule in oci_resource_scheduler_schedule.this : schedule.id]
}
