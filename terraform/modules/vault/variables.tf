variable "compartment_id" {
  description = "Compartment of everything here."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of display names."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}

variable "protection_mode" {
  description = "Where keys are kept: HSM or SOFTWARE."
  type        = string
  nullable    = false
}

variable "signing" {
  description = "Where keys that sign are: secrets, or kms."
  type        = string
  nullable    = false
}

variable "secret_names" {
  description = "Secrets whose values are set outside of Terraform; their names begin with the site's."
  type        = set(string)
  nullable    = false
}
