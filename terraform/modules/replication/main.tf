# A read-only copy of a data bucket in the other region, by Object Storage's own replication.
#
# It fits here because nobody writes to the copy: it keeps raw snapshots and reports readable for people when the region
# is gone. It does not fit the way to the standby's own data bucket: a destination is read-only, so sanitize could not
# write there; it can be neither versioned nor protected by retention rules; deletions pass through; and nothing says that
# what is replicated emits events, so nothing would wake the standby.
resource "oci_objectstorage_bucket" "copy" {
  provider = oci.other

  compartment_id        = var.other_compartment_id
  namespace             = var.namespace
  name                  = "${var.bucket_name}-copy"
  access_type           = "NoPublicAccess"
  storage_tier          = "Standard"
  object_events_enabled = false
  kms_key_id            = var.other_kms_key_id
  versioning            = "Disabled"
  freeform_tags         = var.tags

  depends_on = [oci_identity_policy.copy]
}

resource "oci_identity_policy" "source" {
  provider = oci.home

  compartment_id = var.compartment_id
  name           = "${var.name}-replication-source"
  description    = "kubestandby: Object Storage reads what it replicates"
  freeform_tags  = var.tags

  statements = [
    "Allow service objectstorage-${var.region} to {BUCKET_INSPECT, BUCKET_READ, BUCKET_UPDATE, OBJECT_INSPECT, OBJECT_READ, OBJECT_CREATE, OBJECT_OVERWRITE, OBJECT_DELETE, OBJECT_RESTORE} in compartment id ${var.compartment_id} where target.bucket.name='${var.bucket_name}'",
  ]
}

resource "oci_identity_policy" "copy" {
  provider = oci.home

  compartment_id = var.other_compartment_id
  name           = "${var.name}-replication-copy"
  description    = "kubestandby: Object Storage writes what it replicates"
  freeform_tags  = var.tags

  statements = [
    "Allow service objectstorage-${var.region} to {BUCKET_INSPECT, BUCKET_READ, BUCKET_UPDATE, OBJECT_INSPECT, OBJECT_READ, OBJECT_CREATE, OBJECT_OVERWRITE, OBJECT_DELETE, OBJECT_RESTORE} in compartment id ${var.other_compartment_id} where target.bucket.name='${var.bucket_name}-copy'",
  ]
}

resource "oci_objectstorage_replication_policy" "this" {
  name                                = "${var.name}-copy"
  namespace                           = var.namespace
  bucket                              = var.bucket_name
  destination_bucket_name             = oci_objectstorage_bucket.copy.name
  destination_region_name             = var.other_region
  delete_object_in_destination_bucket = "ACCEPT"

  depends_on = [oci_identity_policy.source]
}
