variable "compartment_id" {
  description = "Compartment of the repositories."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of the repositories' names."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
