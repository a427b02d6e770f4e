output "names" {
  description = "Names of the buckets, once they are there."
  value       = { for kind, bucket in oci_objectstorage_bucket.this : kind => bucket.name }
}
