variable "compartment_id" {
  description = "Compartment of the source bucket."
  type        = string
  nullable    = false
}

variable "other_compartment_id" {
  description = "Compartment of the copy, in the other region."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The source's region."
  type        = string
  nullable    = false
}

variable "other_region" {
  description = "The copy's region."
  type        = string
  nullable    = false
}

variable "namespace" {
  description = "Object Storage namespace of the tenancy."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of the policy's name."
  type        = string
  nullable    = false
}

variable "bucket_name" {
  description = "The bucket that is copied."
  type        = string
  nullable    = false
}

variable "other_kms_key_id" {
  description = "The key that encrypts the copy, in the other region."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
