variable "name" {
  description = "First part of the repositories' names."
  type        = string
  default     = "kubestandby"
  nullable    = false
}

variable "config_file_profile" {
  description = "Profile of ~/.oci/config that Terraform uses; null for the environment's credentials."
  type        = string
  default     = null
}

variable "sites" {
  description = "Region and compartment of both sites, in the order of the main configuration."
  type        = list(object({ region = string, compartment_id = string }))
  nullable    = false

  validation {
    condition     = length(var.sites) == 2 && length(distinct(var.sites[*].region)) == 2
    error_message = "sites must be two, in different regions."
  }
}
