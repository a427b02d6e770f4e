variable "compartment_id" {
  description = "Compartment of the gateway."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of display names."
  type        = string
  nullable    = false
}

variable "subnet_id" {
  description = "The gateway's subnet."
  type        = string
  nullable    = false
}

variable "nsg_ids" {
  description = "Network security groups of the gateway."
  type        = list(string)
  nullable    = false
}

variable "endpoint_type" {
  description = "PUBLIC for senders on the internet, PRIVATE for senders in your networks."
  type        = string
  nullable    = false
}

variable "function_id" {
  description = "The export function."
  type        = string
  nullable    = false
}

variable "requests_per_second" {
  description = "Most requests of one sender's address in a second."
  type        = number
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
