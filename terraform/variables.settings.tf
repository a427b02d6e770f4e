variable "functions" {
  description = "By function: memory in MB, time limits in seconds of calls that are waited for and of detached ones, containers that are kept ready (they cost all the time)."
  default     = {}
  nullable    = false

  type = object({
    export = optional(object({
      memory_mb                = optional(number, 1024)
      timeout_seconds          = optional(number, 300)
      detached_timeout_seconds = optional(number, 3600)
      provisioned              = optional(number, 0)
    }), {})
    sanitize = optional(object({
      memory_mb                = optional(number, 512)
      timeout_seconds          = optional(number, 300)
      detached_timeout_seconds = optional(number, 3600)
      provisioned              = optional(number, 0)
    }), {})
    restore = optional(object({
      memory_mb                = optional(number, 1024)
      timeout_seconds          = optional(number, 300)
      detached_timeout_seconds = optional(number, 3600)
      provisioned              = optional(number, 0)
    }), {})
  })

  validation {
    condition     = alltrue([for function in values(var.functions) : contains([256, 512, 1024, 2048, 3072], function.memory_mb)])
    error_message = "memory_mb must be 256, 512, 1024, 2048 or 3072: what OCI Functions offers, without 128, in which the functions do not start."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.timeout_seconds >= 60 && function.timeout_seconds <= 300])
    error_message = "timeout_seconds must be 60 to 300, the most that OCI Functions allows for a call that is waited for."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.detached_timeout_seconds >= function.timeout_seconds && function.detached_timeout_seconds <= 3600])
    error_message = "detached_timeout_seconds must be at least timeout_seconds and at most 3600, the most that OCI Functions allows."
  }
}

variable "shape" {
  description = "Processors that the images are made for."
  type        = string
  default     = "GENERIC_X86"
  nullable    = false

  validation {
    condition     = contains(["GENERIC_X86", "GENERIC_ARM", "GENERIC_X86_ARM"], var.shape)
    error_message = "shape must be GENERIC_X86, GENERIC_ARM or GENERIC_X86_ARM."
  }
}

variable "log_level" {
  description = "The functions' log level."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "timer" {
  description = <<-TEXT
    The timer.
    - driver: scheduler (Resource Scheduler) or alarm (an alarm that never ends and repeats its notification)
    - tick_minutes: how often each site looks for what lost events left undone
    - scheduler_minimum_minutes: the shortest interval that one schedule may have; finer timers become several staggered
      schedules. 60 is what the console offers; whether the service takes less is not documented
    - push_after_seconds: when a tick takes an event for lost; longer than a call may take. 360 fits calls that are waited
      for (300 s); where Events invokes detached, 3660
    - alarm: a metric that is always there, and a query on it that always holds
  TEXT
  default     = {}
  nullable    = false

  type = object({
    driver                    = optional(string, "scheduler")
    tick_minutes              = optional(number, 30)
    scheduler_minimum_minutes = optional(number, 60)
    push_after_seconds        = optional(number, 360)
    alarm = optional(object({
      namespace = optional(string, "oci_objectstorage")
      query     = optional(string, "StoredBytes[1h].max() >= 0")
    }), {})
  })

  validation {
    condition     = contains(["scheduler", "alarm"], var.timer.driver)
    error_message = "timer.driver must be scheduler or alarm."
  }

  validation {
    condition     = contains([5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440], var.timer.tick_minutes)
    error_message = "timer.tick_minutes must be 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720 or 1440: an interval that divides the hour or the day, so that schedules can stand for it."
  }

  validation {
    condition     = contains([1, 5, 10, 15, 20, 30, 60, 120, 1440], var.timer.scheduler_minimum_minutes)
    error_message = "timer.scheduler_minimum_minutes must be 1, 5, 10, 15, 20, 30, 60, 120 or 1440."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : var.timer.push_after_seconds > function.timeout_seconds])
    error_message = "timer.push_after_seconds must be longer than every timeout_seconds: else a tick begins work anew that is still under way."
  }

  validation {
    condition = alltrue([
      for minutes in concat([var.timer.tick_minutes], values(var.groups)[*].export_minutes) :
      max(minutes, var.timer.scheduler_minimum_minutes) % min(minutes, var.timer.scheduler_minimum_minutes) == 0
    ])
    error_message = "Each interval (timer.tick_minutes, export_minutes) must divide timer.scheduler_minimum_minutes, or be a multiple of it: else staggered schedules cannot stand for it."
  }

  validation {
    condition = var.timer.driver == "alarm" || 100 >= sum([
      for minutes in concat([var.timer.tick_minutes], values(var.groups)[*].export_minutes) :
      max(1, var.timer.scheduler_minimum_minutes / minutes)
    ])
    error_message = "These intervals need more than 100 schedules at each site: take longer ones, or timer.driver = \"alarm\"."
  }
}

variable "gateway" {
  description = "The API gateway for webhooks: PUBLIC for senders on the internet, PRIVATE for senders in your networks; most requests of one address in a second. null: no webhooks."
  default     = {}

  type = object({
    endpoint_type       = optional(string, "PUBLIC")
    requests_per_second = optional(number, 5)
  })

  validation {
    condition     = var.gateway == null ? true : contains(["PUBLIC", "PRIVATE"], var.gateway.endpoint_type)
    error_message = "gateway.endpoint_type must be PUBLIC or PRIVATE."
  }

  validation {
    condition     = var.gateway == null ? true : var.gateway.requests_per_second >= 1 && var.gateway.requests_per_second <= 100
    error_message = "gateway.requests_per_second must be 1 to 100: a webhook only asks for an export, and a thousand of them are a few exports."
  }
}

variable "storage" {
  description = <<-TEXT
    How buckets are protected.
    - data_protection, control_protection: retention or versioning; Object Storage refuses both for one bucket
    - retention_days: for which nobody can delete or overwrite an object; retention_locked_from: moment (RFC 3339, 14 days
      ahead at least) from which nobody can remove that rule, ever; null for never
    - keep_versions_days: deleted versions; keep_heartbeats_days: heartbeats
    - copies: a read-only copy of each data bucket in the other region, for people
    - large_archives: whether archives may be uploaded in parts (above 512 MiB), which takes the right to overwrite archives
  TEXT
  default     = {}
  nullable    = false

  type = object({
    data_protection       = optional(string, "retention")
    control_protection    = optional(string, "versioning")
    retention_days        = optional(number, 14)
    retention_locked_from = optional(string)
    keep_versions_days    = optional(number, 30)
    keep_heartbeats_days  = optional(number, 60)
    copies                = optional(bool, false)
    large_archives        = optional(bool, false)
  })

  validation {
    condition     = contains(["retention", "versioning"], var.storage.data_protection)
    error_message = "storage.data_protection must be retention or versioning, one of the two: Object Storage refuses both for one bucket."
  }

  validation {
    condition     = var.storage.control_protection == "versioning"
    error_message = "storage.control_protection must be versioning: functions delete records of deliveries and spent imports there, which a retention rule would refuse."
  }

  validation {
    condition     = var.storage.retention_days >= 1 && var.storage.retention_days <= 3650
    error_message = "storage.retention_days must be 1 to 3650."
  }

  validation {
    condition     = var.storage.retention_locked_from == null || can(formatdate("YYYY", var.storage.retention_locked_from))
    error_message = "storage.retention_locked_from must be a moment such as 2027-01-31T00:00:00Z; once it has passed nobody can remove the rule, Oracle included."
  }

  validation {
    condition     = var.storage.keep_heartbeats_days >= 30 && var.storage.keep_versions_days >= 1
    error_message = "storage.keep_heartbeats_days must be 30 at least (they prove that a state is fresh), storage.keep_versions_days 1 at least."
  }
}

variable "keys" {
  description = "Where keys are: protection_mode of the vaults' keys (HSM or SOFTWARE); signing: the keys that sign are secrets, or kms keys that never leave the service."
  default     = {}
  nullable    = false

  type = object({
    protection_mode = optional(string, "HSM")
    signing         = optional(string, "secrets")
  })

  validation {
    condition     = contains(["HSM", "SOFTWARE"], var.keys.protection_mode)
    error_message = "keys.protection_mode must be HSM or SOFTWARE."
  }

  validation {
    condition     = contains(["secrets", "kms"], var.keys.signing)
    error_message = "keys.signing must be secrets or kms."
  }
}

variable "alerts" {
  description = <<-TEXT
    Who is told, and of what.
    - subscriptions: protocol and endpoint, by names of your choice
    - log_days: how long logs are kept
    - dead_end_conditions: which log lines are told, as conditions of Connector Hub
  TEXT
  nullable    = false

  type = object({
    subscriptions = map(object({ protocol = string, endpoint = string }))
    log_days      = optional(number, 30)
    dead_end_conditions = optional(object({
      functions = optional(string, "logContent='*\"level\": \"ERROR\"*'")
      rules     = optional(string, "logContent='*ERROR*'")
    }), {})
  })

  validation {
    condition     = length(var.alerts.subscriptions) > 0
    error_message = "alerts.subscriptions must have one at least: an alarm that nobody hears is none."
  }

  validation {
    condition     = alltrue([for one in values(var.alerts.subscriptions) : contains(["EMAIL", "SMS", "ORACLE_FUNCTIONS"], one.protocol)])
    error_message = "The protocol of a subscription must be EMAIL, SMS or ORACLE_FUNCTIONS. The address of SLACK, PAGERDUTY and CUSTOM_HTTPS is a secret, which has no place in a state: subscribe those with `oci ons subscription create`."
  }

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180], var.alerts.log_days)
    error_message = "alerts.log_days must be 30, 60, 90, 120, 150 or 180: what OCI Logging offers."
  }
}

variable "policies" {
  description = <<-TEXT
    Rights of OCI's own services, where tenancies differ.
    - events: whether the Events service is allowed by a policy to invoke the functions. Without it many tenancies answer
      its calls 403; set it to false only where `kubestandby doctor` shows that events arrive without
    - scheduler: invoke (read fn-function, use fn-invocation) or manage (manage functions-family, Oracle's own example)
  TEXT
  default     = {}
  nullable    = false

  type = object({
    events    = optional(bool, true)
    scheduler = optional(string, "invoke")
  })

  validation {
    condition     = contains(["invoke", "manage"], var.policies.scheduler)
    error_message = "policies.scheduler must be invoke or manage."
  }
}
