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

variable "cidr" {
  description = "Addresses of the network; a /24 is plenty."
  type        = string
  nullable    = false
}

variable "api_server_cidrs" {
  description = "Where the cluster's API server is: functions may open TCP 6443 to these addresses."
  type        = list(string)
  nullable    = false
}

variable "drg_id" {
  description = "Dynamic routing gateway to a cluster that is not in this network's region or not on OCI; null for none."
  type        = string
}

variable "has_gateway" {
  description = "Whether webhooks come in: then there is a public subnet for the API gateway."
  type        = bool
  nullable    = false
}
