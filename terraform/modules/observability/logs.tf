locals {
  logs = merge(
    { functions = { service = "functions", category = "invoke", resource = var.application_id } },
    { for name, id in var.rule_ids : "rule-${name}" => { service = "cloudevents", category = "ruleexecutionlog", resource = id } },
    { for kind, name in var.bucket_names : "writes-${kind}" => { service = "objectstorage", category = "write", resource = name } },
    { for name, id in var.gateway : "gateway-${name}" => { service = "apigateway", category = "execution", resource = id } },
  )
}

resource "oci_logging_log" "this" {
  for_each = local.logs

  display_name       = "${var.name}-${each.key}"
  log_group_id       = var.log_group_id
  log_type           = "SERVICE"
  is_enabled         = true
  retention_duration = var.log_days
  freeform_tags      = var.tags

  configuration {
    compartment_id = var.compartment_id

    source {
      source_type = "OCISERVICE"
      service     = each.value.service
      category    = each.value.category
      resource    = each.value.resource
    }
  }
}

# A function that has failed for good answers 200, or the event would come for ever: only its log says so, by a line of
# level ERROR. A rule that may not invoke its function says so in its own log alone.
locals {
  connectors = {
    functions = { logs = ["functions"], condition = var.dead_end_conditions.functions }
    rules     = { logs = [for name in keys(var.rule_ids) : "rule-${name}"], condition = var.dead_end_conditions.rules }
  }
}

resource "oci_sch_service_connector" "dead_ends" {
  for_each = local.connectors

  compartment_id = var.compartment_id
  display_name   = "${var.name}-dead-ends-${each.key}"
  description    = "kubestandby: log lines of ${each.key} that somebody has to see"
  freeform_tags  = var.tags

  source {
    kind = "logging"

    dynamic "log_sources" {
      for_each = each.value.logs

      content {
        compartment_id = var.compartment_id
        log_group_id   = var.log_group_id
        log_id         = oci_logging_log.this[log_sources.value].id
      }
    }
  }

  tasks {
    kind      = "logRule"
    condition = each.value.condition
  }

  target {
    kind                       = "notifications"
    topic_id                   = var.topic_id
    enable_formatted_messaging = true
  }
}
