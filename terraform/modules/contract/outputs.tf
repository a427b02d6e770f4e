output "functions" {
  description = "Names of the three functions."
  value       = ["export", "sanitize", "restore"]
}

output "bucket_names" {
  description = "Bucket names by site and kind. All four differ: an event names its bucket, not its region."
  value       = { for site in var.site_names : site => { for kind in ["data", "control"] : kind => "${var.name}-${site}-${kind}" } }
}

output "event_rules" {
  description = "Events rules of a site: bucket, keys, function."
  value       = local.event_rules
}

output "schedules" {
  description = "Schedules of a site: cron expression (UTC) and body."
  value       = local.schedules
}

output "timers" {
  description = "What the schedules stand for: interval in minutes and body."
  value       = local.timers
}

output "object_access" {
  description = "What each function does in which bucket."
  value       = local.object_access
}

output "archives_of" {
  description = "Archives that each function writes."
  value       = local.archives_of
}

output "key_files_of" {
  description = "Key files that each function reads."
  value       = local.key_files_of
}

output "uses_cluster" {
  description = "Functions that talk to the site's cluster."
  value       = local.uses_cluster
}
