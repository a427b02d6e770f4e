# What Object Storage itself may do: use the key that encrypts the buckets, and carry out their lifecycle rules.
locals {
  service = "objectstorage-${var.region}"
  buckets = join(", ", [for name in var.bucket_names : "target.bucket.name='${name}'"])
}

resource "oci_identity_policy" "this" {
  compartment_id = var.compartment_id
  name           = "${var.name}-storage-service"
  description    = "kubestandby: Object Storage uses the buckets' key and carries out their lifecycle rules"
  freeform_tags  = var.tags

  statements = [
    "Allow service ${local.service} to use keys in compartment id ${var.compartment_id} where target.key.id='${var.key_id}'",
    "Allow service ${local.service} to {BUCKET_INSPECT, BUCKET_READ, OBJECT_INSPECT, OBJECT_DELETE, OBJECT_VERSION_DELETE} in compartment id ${var.compartment_id} where any {${local.buckets}}",
  ]
}
