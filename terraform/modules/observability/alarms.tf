locals {
  function_alarms = merge([
    for name, id in var.function_ids : {
      "${name}-errors" = {
        namespace = "oci_faas"
        query     = "FunctionResponseCount[5m]{resourceId = \"${id}\", responseType = \"Error\"}.sum() > 0"
        severity  = "ERROR"
        body      = "The ${name} function failed. Its log (level ERROR) says why; what it was asked for is tried again by the tick."
      }
      "${name}-throttled" = {
        namespace = "oci_faas"
        query     = "FunctionResponseCount[5m]{resourceId = \"${id}\", responseType = \"Throttled\"}.sum() > 0"
        severity  = "WARNING"
        body      = "The ${name} function was throttled: raise the tenancy's limit of concurrent function memory."
      }
    }
  ]...)

  rule_alarms = {
    for name, id in var.rule_ids : "rule-${name}" => {
      namespace = "oci_cloudevents"
      query     = "DeliveryFailedEvents[5m]{resourceId = \"${id}\"}.sum() > 0"
      severity  = "CRITICAL"
      body      = "Events of rule ${name} do not reach their function. A 403 in the rule's log means that the policy for cloudEvents is missing."
    }
  }

  gateway_alarms = {
    for name, id in var.gateway : "gateway-${name}" => {
      namespace = "oci_apigateway"
      query     = "HttpResponses[5m]{deploymentId = \"${id}\", httpStatusCategory = \"5xx\"}.sum() > 0"
      severity  = "ERROR"
      body      = "Webhooks are answered 5xx. A 500 without a line in the function's log means that the gateway may not invoke it."
    }
  }

  # Monitoring looks back a day at most: a rarer timer cannot be watched like this.
  silent_hours = ceil(max(60, 3 * var.tick_minutes) / 60)

  timer_alarm = {
    for name in ["timer-silent"] : name => {
      namespace = "oci_faas"
      query     = "FunctionInvocationCount[${local.silent_hours}h]{resourceId = \"${var.function_ids["export"]}\"}.absent()"
      severity  = "CRITICAL"
      body      = "Nothing has called the export function for three ticks: the timer is dead, and lost events stay lost."
    } if local.silent_hours <= 24
  }

  alarms = merge(local.function_alarms, local.rule_alarms, local.gateway_alarms, local.timer_alarm)
}

resource "oci_monitoring_alarm" "this" {
  for_each = local.alarms

  compartment_id               = var.compartment_id
  metric_compartment_id        = var.compartment_id
  display_name                 = "${var.name}-${each.key}"
  namespace                    = each.value.namespace
  query                        = each.value.query
  severity                     = each.value.severity
  body                         = each.value.body
  message_format               = "ONS_OPTIMIZED"
  pending_duration             = "PT1M"
  repeat_notification_duration = "PT4H"
  destinations                 = [var.topic_id]
  is_enabled                   = true
  freeform_tags                = var.tags
}
