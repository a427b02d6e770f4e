variable "name" {
  description = "First part of the name of everything at this site."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The site's region."
  type        = string
  nullable    = false
}

variable "compartment_id" {
  description = "The site's compartment."
  type        = string
  nullable    = false
}

variable "namespace" {
  description = "Object Storage namespace of the tenancy."
  type        = string
  nullable    = false
}

variable "bucket_names" {
  description = "Names of the buckets: data, control."
  type        = object({ data = string, control = string })
  nullable    = false
}

variable "cluster" {
  description = "How the site's cluster is reached: an OKE cluster, or a kubeconfig in the vault."
  nullable    = false

  type = object({
    oke        = optional(object({ id = string, endpoint = string, compartment_id = optional(string) }))
    kubeconfig = optional(object({ context = optional(string) }))
  })
}

variable "network" {
  description = "Subnets and network security groups that are there, or what to make."
  nullable    = false

  type = object({
    function_subnet_ids = list(string)
    function_nsg_ids    = list(string)
    gateway_subnet_id   = optional(string)
    gateway_nsg_ids     = list(string)
    create = optional(object({
      cidr             = string
      api_server_cidrs = list(string)
      drg_id           = optional(string)
      sender_cidrs     = list(string)
    }))
  })
}

variable "functions" {
  description = "By function: image, memory, time limits in seconds, containers that are kept ready."
  nullable    = false

  type = map(object({
    image                    = string
    memory_mb                = number
    timeout_seconds          = number
    detached_timeout_seconds = number
    provisioned              = number
  }))
}

variable "shape" {
  description = "Processors that the images are made for."
  type        = string
  nullable    = false
}

variable "log_level" {
  description = "The functions' log level."
  type        = string
  nullable    = false
}

variable "site_name" {
  description = "The site's name in the configuration."
  type        = string
  nullable    = false
}

variable "configuration" {
  description = "The configuration file that this site's functions read."
  type        = object({ key = string, text = string })
  nullable    = false
}

variable "storage" {
  description = "How buckets are protected, and for how long."
  nullable    = false

  type = object({
    data_protection       = string
    control_protection    = string
    retention_days        = number
    retention_locked_from = optional(string)
    keep_versions_days    = number
    keep_heartbeats_days  = number
  })
}

variable "keys" {
  description = "Where keys are: protection mode of the vault's keys, and whether signing keys are secrets or kms."
  type        = object({ protection_mode = string, signing = string })
  nullable    = false
}

variable "key_prefix" {
  description = "First part of the names of the secrets that hold key files."
  type        = string
  nullable    = false
}

variable "webhook_names" {
  description = "Webhooks that prove themselves by a secret, as GROUP/NAME."
  type        = set(string)
  nullable    = false
}

variable "gateway" {
  description = "The API gateway for webhooks; null for none."
  type        = object({ endpoint_type = string, requests_per_second = number })
}

variable "deployment_events" {
  description = "Where deployments happen that ask for an export."
  nullable    = false

  type = map(object({
    source         = string
    compartment_id = string
    resource_names = list(string)
  }))
}

variable "event_rules" {
  description = "Rules on object creation."
  type        = map(object({ bucket = string, function = string, keys = list(string) }))
  nullable    = false
}

variable "timer" {
  description = "What drives the timer, and when it is due."
  nullable    = false

  type = object({
    driver             = string
    tick_minutes       = number
    push_after_seconds = number
    alarm              = object({ namespace = string, query = string })
    schedules          = map(object({ timer = string, body = string, cron = string }))
    timers             = map(object({ minutes = number, shift = number, body = string }))
  })
}

variable "alerts" {
  description = "Who is told, how long logs are kept, and which log lines are told."
  nullable    = false

  type = object({
    subscriptions       = map(object({ protocol = string, endpoint = string }))
    log_days            = number
    dead_end_conditions = object({ functions = string, rules = string })
  })
}

variable "replicate_to" {
  description = "Where a read-only copy of the data bucket goes; null for none."

  type = object({
    region         = string
    compartment_id = string
    kms_key_id     = string
  })
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
