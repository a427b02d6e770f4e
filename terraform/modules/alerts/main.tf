# The one place where everything that somebody has to see arrives: alarms, dead ends, failed detached calls.
resource "oci_ons_notification_topic" "this" {
  compartment_id = var.compartment_id
  name           = "${var.name}-alerts"
  description    = "kubestandby: alarms and dead ends"
  freeform_tags  = var.tags
}

resource "oci_ons_subscription" "this" {
  for_each = var.subscriptions

  compartment_id = var.compartment_id
  topic_id       = oci_ons_notification_topic.this.id
  protocol       = each.value.protocol
  endpoint       = each.value.endpoint
  freeform_tags  = var.tags
}

resource "oci_logging_log_group" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name
  description    = "kubestandby: functions, rules, gateway, writes to buckets"
  freeform_tags  = var.tags
}
