variable "compartment_id" {
  description = "Compartment of the buckets and of the key; the policy is made there."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of the policy's name."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the buckets: its Object Storage is a principal of its own."
  type        = string
  nullable    = false
}

variable "bucket_names" {
  description = "Buckets that have lifecycle rules."
  type        = list(string)
  nullable    = false
}

variable "key_id" {
  description = "The key that encrypts the buckets."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
