output "bucket_name" {
  description = "The copy."
  value       = oci_objectstorage_bucket.copy.name
}
