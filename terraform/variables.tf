variable "name" {
  description = "First part of the name of everything that is made."
  type        = string
  default     = "kubestandby"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must be 2 to 20 lower-case letters, digits and '-', beginning with a letter: bucket and secret names are made of it."
  }
}

variable "tenancy_id" {
  description = "OCID of the tenancy: dynamic groups live there."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.tenancy_id, "ocid1.tenancy.")
    error_message = "tenancy_id must be the OCID of a tenancy (ocid1.tenancy.…)."
  }
}

variable "home_region" {
  description = "The tenancy's home region, such as us-ashburn-1: dynamic groups and policies are made there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.home_region))
    error_message = "home_region must be a region identifier, such as us-ashburn-1 (oci iam region-subscription list)."
  }
}

variable "object_storage_namespace" {
  description = "The tenancy's Object Storage namespace (oci os ns get)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+$", var.object_storage_namespace))
    error_message = "object_storage_namespace must be what `oci os ns get` prints."
  }
}

variable "config_file_profile" {
  description = "Profile of ~/.oci/config that Terraform uses; null for the environment's credentials."
  type        = string
  default     = null
}

variable "tags" {
  description = "Free-form tags of everything that is made."
  type        = map(string)
  default     = {}
  nullable    = false
}
