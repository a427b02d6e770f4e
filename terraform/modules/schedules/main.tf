# The timer by the Resource Scheduler: it invokes the function, always detached, with the body.
resource "oci_resource_scheduler_schedule" "this" {
  for_each = var.driver == "scheduler" ? var.schedules : {}

  compartment_id     = var.compartment_id
  display_name       = "${var.name}-${each.key}"
  description        = "kubestandby ${each.value.timer}, in UTC"
  action             = "START_RESOURCE"
  recurrence_type    = "CRON"
  recurrence_details = each.value.cron
  state              = "ACTIVE"
  freeform_tags      = var.tags

  resources {
    id = var.function_id

    parameters {
      parameter_type = "BODY"
      value          = [each.value.body]
    }
  }
}

# The timer by an alarm that never ends: it repeats its notification at the interval, and the notification's body is what
# a schedule would have sent. For intervals that need more schedules than the tenancy allows.
resource "oci_ons_notification_topic" "timer" {
  count = var.driver == "alarm" ? 1 : 0

  compartment_id = var.compartment_id
  name           = "${var.name}-timer"
  description    = "kubestandby: alarms that drive the timer"
  freeform_tags  = var.tags
}

resource "oci_ons_subscription" "timer" {
  count = var.driver == "alarm" ? 1 : 0

  compartment_id = var.compartment_id
  topic_id       = oci_ons_notification_topic.timer[0].id
  protocol       = "ORACLE_FUNCTIONS"
  endpoint       = var.function_id
  freeform_tags  = var.tags
}

resource "oci_monitoring_alarm" "timer" {
  for_each = var.driver == "alarm" ? var.timers : {}

  compartment_id               = var.compartment_id
  metric_compartment_id        = var.compartment_id
  display_name                 = "${var.name}-timer-${each.key}"
  namespace                    = var.alarm.namespace
  query                        = var.alarm.query
  severity                     = "INFO"
  body                         = each.value.body
  message_format               = "RAW"
  pending_duration             = "PT1M"
  repeat_notification_duration = "PT${each.value.minutes}M"
  destinations                 = [oci_ons_notification_topic.timer[0].id]
  is_enabled                   = true
  freeform_tags                = var.tags
}
