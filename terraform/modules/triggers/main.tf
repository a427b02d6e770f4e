resource "oci_events_rule" "objects" {
  for_each = var.rules

  compartment_id = var.compartment_id
  display_name   = "${var.name}-${each.key}"
  description    = "Objects in the ${each.value.bucket} bucket that concern ${each.value.function}"
  is_enabled     = true
  freeform_tags  = var.tags

  condition = jsonencode({
    eventType = ["com.oraclecloud.objectstorage.createobject"]
    data = {
      additionalDetails = { bucketName = [var.bucket_names[each.value.bucket]] }
      resourceName      = each.value.keys
    }
  })

  actions {
    action {
      action_type = "FAAS"
      is_enabled  = true
      function_id = var.function_ids[each.value.function]
    }
  }
}

locals {
  deployment_event_types = {
    devops = ["com.oraclecloud.devopsdeploy.createdeployment", "com.oraclecloud.devopsdeploy.updatedeployment"]
    ocir   = ["com.oraclecloud.artifacts.uploaddockerimage"]
  }
}

# A deployment by OCI DevOps, or an image in the registry. Which group it concerns is decided by that group's webhooks of
# kind oci-devops and ocir; this rule only keeps out what concerns none.
resource "oci_events_rule" "deployments" {
  for_each = var.deployment_events

  compartment_id = each.value.compartment_id
  display_name   = "${var.name}-deployments-${each.key}"
  description    = "Deployments (${each.value.source}) that ask for an export"
  is_enabled     = true
  freeform_tags  = var.tags

  condition = jsonencode({
    eventType = local.deployment_event_types[each.value.source]
    data      = { resourceName = each.value.resource_names }
  })

  actions {
    action {
      action_type = "FAAS"
      is_enabled  = true
      function_id = var.function_ids["export"]
    }
  }
}
