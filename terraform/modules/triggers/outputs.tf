output "rule_ids" {
  description = "OCIDs of the rules, by name."
  value = merge(
    { for name, rule in oci_events_rule.objects : name => rule.id },
    { for name, rule in oci_events_rule.deployments : "deployments-${name}" => rule.id },
  )
}
