variable "compartment_id" {
  description = "Compartment of the buckets."
  type        = string
  nullable    = false
}

variable "namespace" {
  description = "Object Storage namespace of the tenancy."
  type        = string
  nullable    = false
}

variable "names" {
  description = "Names of the buckets: data, control."
  type        = object({ data = string, control = string })
  nullable    = false
}

variable "kms_key_id" {
  description = "The key that encrypts them."
  type        = string
  nullable    = false
}

variable "protection" {
  description = "By bucket: retention or versioning. Object Storage refuses both for one bucket."
  type        = object({ data = string, control = string })
  nullable    = false
}

variable "retention_days" {
  description = "Days for which nobody can delete or overwrite an object, where a retention rule protects the bucket."
  type        = number
  nullable    = false
}

variable "retention_locked_from" {
  description = "Moment (RFC 3339) from which the retention rule cannot be removed or shortened by anybody; null: never."
  type        = string
}

variable "keep_versions_days" {
  description = "Days for which deleted versions are kept, where versioning protects the bucket."
  type        = number
  nullable    = false
}

variable "keep_heartbeats_days" {
  description = "Days for which heartbeats are kept; only the newest one of a snapshot ever counts."
  type        = number
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
