output "policy_id" {
  description = "The policy: buckets are made after it."
  value       = oci_identity_policy.this.id
}
