variable "tenancy_id" {
  description = "The tenancy: dynamic groups live there."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of names."
  type        = string
  nullable    = false
}

variable "functions" {
  description = "Names of the functions."
  type        = list(string)
  nullable    = false
}

variable "object_access" {
  description = "What each function does in which bucket."
  nullable    = false

  type = map(list(object({
    at     = string
    bucket = string
    list   = bool
    read   = list(string)
    create = list(string)
    delete = list(string)
  })))
}

variable "archives_of" {
  description = "Archives that each function may upload in parts; empty where archives are small."
  type        = map(list(string))
  nullable    = false
}

variable "key_files_of" {
  description = "Key files that each function reads."
  type        = map(list(string))
  nullable    = false
}

variable "uses_cluster" {
  description = "Functions that talk to the site's cluster."
  type        = list(string)
  nullable    = false
}

variable "sites" {
  description = "Both sites, by name."
  nullable    = false

  type = map(object({
    other              = string
    compartment_id     = string
    bucket_names       = map(string)
    function_ids       = map(string)
    schedule_ids       = list(string)
    vault_id           = string
    key_prefix         = string
    signing_keys       = map(object({ key = string, version = string }))
    webhook_secret_ids = list(string)
    cluster_secret_ids = list(string)
    clusters           = list(object({ id = string, compartment_id = string }))
    has_gateway        = bool
    topic_id           = string
  }))
}

variable "events_policy" {
  description = "Whether the Events service is allowed to invoke the functions."
  type        = bool
  nullable    = false
}

variable "scheduler_rights" {
  description = "What the Resource Scheduler may do with the export function: invoke or manage."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
