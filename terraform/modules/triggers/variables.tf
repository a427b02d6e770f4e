variable "compartment_id" {
  description = "Compartment of the buckets: a rule sees events of its own compartment and those below."
  type        = string
  nullable    = false
}

variable "name" {
  description = "First part of display names."
  type        = string
  nullable    = false
}

variable "bucket_names" {
  description = "Names of the buckets: data, control."
  type        = map(string)
  nullable    = false
}

variable "rules" {
  description = "Rules on object creation: bucket, keys, function."
  type        = map(object({ bucket = string, function = string, keys = list(string) }))
  nullable    = false
}

variable "function_ids" {
  description = "OCIDs of the functions, by name."
  type        = map(string)
  nullable    = false
}

variable "deployment_events" {
  description = "Where deployments happen, by a name of your choice: source (devops or ocir), compartment, patterns of resource names."
  nullable    = false

  type = map(object({
    source         = string
    compartment_id = string
    resource_names = list(string)
  }))
}

variable "tags" {
  description = "Free-form tags of everything."
  type        = map(string)
  nullable    = false
}
