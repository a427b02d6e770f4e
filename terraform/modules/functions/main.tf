resource "oci_functions_application" "this" {
  compartment_id             = var.compartment_id
  display_name               = var.name
  subnet_ids                 = var.subnet_ids
  network_security_group_ids = var.nsg_ids
  shape                      = var.shape
  freeform_tags              = var.tags
}

resource "oci_functions_function" "this" {
  for_each = var.functions

  application_id                   = oci_functions_application.this.id
  display_name                     = each.key
  image                            = each.value.image
  memory_in_mbs                    = tostring(each.value.memory_mb)
  timeout_in_seconds               = each.value.timeout_seconds
  detached_mode_timeout_in_seconds = each.value.detached_timeout_seconds
  config                           = var.environment
  freeform_tags                    = var.tags

  dynamic "provisioned_concurrency_config" {
    for_each = each.value.provisioned == 0 ? [] : [each.value.provisioned]

    content {
      strategy = "CONSTANT"
      count    = provisioned_concurrency_config.value
    }
  }

  failure_destination {
    kind     = "NOTIFICATION"
    topic_id = var.dead_end_topic_id
  }

  lifecycle {
    precondition {
      condition     = length(jsonencode(var.environment)) < 3800
      error_message = "The configuration of a function is larger than the 4 KB that OCI Functions allows; shorten names."
    }
  }
}
