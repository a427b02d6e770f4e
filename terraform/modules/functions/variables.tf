variable "compartment_id" {
  description = "Compartment of the application."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The application's name."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets of the functions."
  type        = list(string)
  nullable    = false
}

variable "nsg_ids" {
  description = "Network security groups of the functions."
  type        = list(string)
  nullable    = false
}

variable "shape" {
  description = "Processors that the images are made for."
  type        = string
  nullable    = false
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

variable "environment" {
  description = "Configuration of every function, as environment variables. Nothing secret: it can be read by who can read a function."
  type        = map(string)
  nullable    = false
}

variable "dead_end_topic_id" {
  description = "Topic that is told of a detached call that failed for good."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
