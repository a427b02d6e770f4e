# One private repository per function. A tag stays the image that it was given to: what runs is what was tested.
resource "oci_artifacts_container_repository" "this" {
  for_each = toset(["export", "sanitize", "restore"])

  compartment_id = var.compartment_id
  display_name   = "${var.name}/${each.value}"
  is_public      = false
  is_immutable   = true
  freeform_tags  = var.tags
}
