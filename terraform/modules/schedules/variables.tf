variable "compartment_id" {
  description = "Compartment of the schedules."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of display names."
  type        = string
  nullable    = false
}

variable "function_id" {
  description = "The export function."
  type        = string
  nullable    = false
}

variable "driver" {
  description = "What drives the timer: scheduler or alarm."
  type        = string
  nullable    = false
}

variable "schedules" {
  description = "Schedules: cron expression (UTC) and body."
  type        = map(object({ timer = string, body = string, cron = string }))
  nullable    = false
}

variable "timers" {
  description = "Timers: interval in minutes and body."
  type        = map(object({ minutes = number, shift = number, body = string }))
  nullable    = false
}

variable "alarm" {
  description = "A metric that is always there and a query on it that always holds, for timers that an alarm drives."
  type        = object({ namespace = string, query = string })
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
