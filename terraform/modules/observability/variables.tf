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

variable "topic_id" {
  description = "Topic that alarms and dead ends are told to."
  type        = string
  nullable    = false
}

variable "log_group_id" {
  description = "Log group of the site."
  type        = string
  nullable    = false
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  nullable    = false
}

variable "application_id" {
  description = "The functions' application."
  type        = string
  nullable    = false
}

variable "function_ids" {
  description = "OCIDs of the functions, by name."
  type        = map(string)
  nullable    = false
}

variable "rule_ids" {
  description = "OCIDs of the events rules, by name."
  type        = map(string)
  nullable    = false
}

variable "bucket_names" {
  description = "Names of the buckets: who writes to them is logged."
  type        = map(string)
  nullable    = false
}

variable "gateway" {
  description = "The gateway's deployment, by the name webhooks; empty where there is none."
  type        = map(string)
  nullable    = false
}

variable "tick_minutes" {
  description = "The interval of the tick: no call of the export function for three of them means that the timer is dead."
  type        = number
  nullable    = false
}

variable "dead_end_conditions" {
  description = "Which log lines are told to the topic: a condition of Connector Hub each, for functions and for rules."
  type        = object({ functions = string, rules = string })
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
