variable "sites" {
  description = "Facts of both sites, by name: data, control, cluster, keys, as they stand in the configuration file."
  type        = any
  nullable    = false
}

variable "groups" {
  description = "The protection groups, by name: primary, and the specification as YAML."
  nullable    = false

  type = map(object({
    primary = string
    spec    = string
  }))
}

variable "webhook_secrets" {
  description = "OCID of the secret of each webhook in the vault of the site whose functions read this, by GROUP/NAME."
  type        = map(string)
  nullable    = false
}
