resource "oci_objectstorage_bucket" "this" {
  for_each = var.names

  compartment_id        = var.compartment_id
  namespace             = var.namespace
  name                  = each.value
  access_type           = "NoPublicAccess"
  storage_tier          = "Standard"
  object_events_enabled = true
  kms_key_id            = var.kms_key_id
  versioning            = var.protection[each.key] == "versioning" ? "Enabled" : "Disabled"
  freeform_tags         = var.tags

  dynamic "retention_rules" {
    for_each = var.protection[each.key] == "retention" ? [var.retention_days] : []

    content {
      display_name     = "kept"
      time_rule_locked = var.retention_locked_from

      duration {
        time_amount = tostring(retention_rules.value)
        time_unit   = "DAYS"
      }
    }
  }
}

# Nothing that recovery needs goes by age. A state that does not change makes no new snapshot, so the only good one may be
# years old; and a request whose outcome had gone first would be carried out once more.
resource "oci_objectstorage_object_lifecycle_policy" "this" {
  for_each = oci_objectstorage_bucket.this

  namespace = var.namespace
  bucket    = each.value.name

  rules {
    name        = "abort-unfinished-uploads"
    action      = "ABORT"
    target      = "multipart-uploads"
    time_amount = "1"
    time_unit   = "DAYS"
    is_enabled  = true
  }

  dynamic "rules" {
    for_each = each.key == "data" ? [max(var.keep_heartbeats_days, var.retention_days)] : []

    content {
      name        = "delete-old-heartbeats"
      action      = "DELETE"
      target      = "objects"
      time_amount = tostring(rules.value)
      time_unit   = "DAYS"
      is_enabled  = true

      object_name_filter {
        inclusion_prefixes = ["doctor/", "heartbeats/"] # what `kubestandby doctor` tries the bucket with
      }
    }
  }

  dynamic "rules" {
    for_each = var.protection[each.key] == "versioning" ? [var.keep_versions_days] : []

    content {
      name        = "delete-old-versions"
      action      = "DELETE"
      target      = "previous-object-versions"
      time_amount = tostring(rules.value)
      time_unit   = "DAYS"
      is_enabled  = true
    }
  }

  # What an import has brought along is deleted with its outcome; its versions do not stay behind for longer than needed.
  dynamic "rules" {
    for_each = each.key == "control" && var.protection[each.key] == "versioning" ? [1] : []

    content {
      name        = "delete-spent-imports"
      action      = "DELETE"
      target      = "previous-object-versions"
      time_amount = tostring(rules.value)
      time_unit   = "DAYS"
      is_enabled  = true

      object_name_filter {
        inclusion_prefixes = ["imports/"]
      }
    }
  }
}
