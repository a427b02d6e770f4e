output "text" {
  description = "The file's content: one document per group, as JSON, which is YAML."
  value       = local.text
}

output "key" {
  description = "The object's key, which is its content's SHA-256: the function refuses any other content."
  value       = "config/${sha256(local.text)}.yaml"
}

output "documents" {
  description = "The documents, as values."
  value       = local.documents
}
