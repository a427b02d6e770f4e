variable "name" {
  description = "First part of the name of everything."
  type        = string
  nullable    = false
}

variable "site_names" {
  description = "Names of the two sites."
  type        = list(string)
  nullable    = false
}

variable "tick_minutes" {
  description = "Minutes between two ticks at a site."
  type        = number
  nullable    = false
}

variable "export_minutes" {
  description = "Minutes between two exports, by group."
  type        = map(number)
  nullable    = false
}

variable "scheduler_minimum_minutes" {
  description = "The shortest interval that one schedule of the Resource Scheduler may have, in minutes."
  type        = number
  nullable    = false
}
