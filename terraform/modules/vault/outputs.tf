output "vault_id" {
  description = "The vault."
  value       = oci_kms_vault.this.id
}

output "storage_key_id" {
  description = "The key that encrypts buckets and secrets."
  value       = oci_kms_key.storage.id
}

output "signing_keys" {
  description = "Keys that sign, by function; empty where signing keys are secrets."
  value       = { for function, key in oci_kms_key.signing : function => { key = key.id, version = key.current_key_version } }
}

output "crypto_endpoint" {
  description = "Where keys sign."
  value       = oci_kms_vault.this.crypto_endpoint
}

output "secret_ids" {
  description = "OCIDs of the secrets, by the names given."
  value       = { for name, secret in oci_vault_secret.this : name => secret.id }
}
