variable "compartment_id" {
  description = "Compartment of everything here."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of names."
  type        = string
  nullable    = false
}

variable "subscriptions" {
  description = "Who is told: protocol and endpoint, by a name of your choice."
  type        = map(object({ protocol = string, endpoint = string }))
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
