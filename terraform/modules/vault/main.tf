resource "oci_kms_vault" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name
  vault_type     = "DEFAULT"
  freeform_tags  = var.tags
}

# Encrypts the site's buckets and secrets at rest. In the site's own region: a lost region takes no other key with it.
resource "oci_kms_key" "storage" {
  compartment_id      = var.compartment_id
  display_name        = "${var.name}-storage"
  management_endpoint = oci_kms_vault.this.management_endpoint
  protection_mode     = var.protection_mode
  freeform_tags       = var.tags

  key_shape {
    algorithm = "AES"
    length    = 32
  }
}

# Keys that sign and never leave the service. Their public halves go into trust.json.
resource "oci_kms_key" "signing" {
  for_each = var.signing == "kms" ? toset(["export", "sanitize", "restore"]) : []

  compartment_id      = var.compartment_id
  display_name        = "${var.name}-sign-${each.value}"
  management_endpoint = oci_kms_vault.this.management_endpoint
  protection_mode     = var.protection_mode
  freeform_tags       = var.tags

  key_shape {
    algorithm = "ECDSA"
    length    = 32
    curve_id  = "NIST_P256"
  }
}

# The secrets exist so that their OCIDs can stand in configuration and policies. What Terraform writes, and so what its
# state holds, is this placeholder; the value is put there by `oci vault secret update-base64` and left alone from then on.
resource "oci_vault_secret" "this" {
  for_each = var.secret_names

  compartment_id = var.compartment_id
  vault_id       = oci_kms_vault.this.id
  key_id         = oci_kms_key.storage.id
  secret_name    = "${var.name}-${each.value}"
  description    = "Its value is set outside of Terraform: see docs/install-oci.md"
  freeform_tags  = var.tags

  secret_content {
    content_type = "BASE64"
    content      = base64encode("not set yet")
  }

  lifecycle {
    ignore_changes = [secret_content]
  }
}
