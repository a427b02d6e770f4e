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

variable "gateway" {
  description = "How webhooks come in: PUBLIC, PRIVATE, or null for not at all. Then there is a subnet for the API gateway."
  type        = string
}

variable "sender_cidrs" {
  description = "Where webhooks come from; empty for anywhere. A private gateway answers over the dynamic routing gateway."
  type        = list(string)
  nullable    = false
}
