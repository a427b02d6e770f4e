variable "sites" {
  description = <<-TEXT
    The two sites. Their order is their identity in the state: never swap them. Each has
    - name: as in the configuration file; region and compartment_id: where its buckets and functions are, for a cluster on
      premises the region nearest to it
    - cluster: {oke = {id, endpoint, compartment_id}} with endpoint private (default), public or vcn-hostname; or
      {kubeconfig = {context}}: a kubeconfig in a secret whose value you set outside of Terraform
    - images: one per function, in this region's own registry
    - network: {function_subnet_ids, function_nsg_ids, gateway_subnet_id, gateway_nsg_ids} that are there, or
      {create = {cidr, api_server_cidrs, drg_id, sender_cidrs}}; sender_cidrs is where webhooks come from, empty for anywhere
    - deployment_events: where OCI DevOps (devops) or the registry (ocir) tell of deployments, by names of your choice
  TEXT
  nullable    = false

  type = list(object({
    name           = string
    region         = string
    compartment_id = string

    cluster = object({
      oke        = optional(object({ id = string, endpoint = optional(string, "private"), compartment_id = optional(string) }))
      kubeconfig = optional(object({ context = optional(string) }))
    })

    images = object({ export = string, sanitize = string, restore = string })

    network = object({
      function_subnet_ids = optional(list(string), [])
      function_nsg_ids    = optional(list(string), [])
      gateway_subnet_id   = optional(string)
      gateway_nsg_ids     = optional(list(string), [])
      create = optional(object({
        cidr             = optional(string, "10.80.0.0/24")
        api_server_cidrs = list(string)
        drg_id           = optional(string)
        sender_cidrs     = optional(list(string), [])
      }))
    })

    deployment_events = optional(map(object({
      source         = string
      compartment_id = string
      resource_names = optional(list(string), ["*"])
    })), {})
  }))

  validation {
    condition     = length(var.sites) == 2
    error_message = "sites must be two: what protects a site is the other one."
  }

  validation {
    condition     = length(distinct(var.sites[*].name)) == length(var.sites)
    error_message = "sites must have different names."
  }

  validation {
    condition     = length(distinct(var.sites[*].region)) == length(var.sites)
    error_message = "sites must be in different regions: two in one region are lost together. For clusters on premises take the two regions nearest to them."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$", site.name))])
    error_message = "The name of a site must be at most 20 lower-case letters, digits and '-', beginning and ending with a letter or digit."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[a-z]{2}-[a-z]+-[0-9]$", site.region))])
    error_message = "The region of a site must be a region identifier, such as us-ashburn-1."
  }

  validation {
    condition     = alltrue([for site in var.sites : startswith(site.compartment_id, "ocid1.compartment.")])
    error_message = "The compartment_id of a site must be the OCID of a compartment (ocid1.compartment.…), not of the tenancy: policies give rights in it."
  }

  validation {
    condition     = alltrue([for site in var.sites : (site.cluster.oke == null) != (site.cluster.kubeconfig == null)])
    error_message = "The cluster of a site must be either {oke = {id = …}} or {kubeconfig = {}}."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [
        for cluster in site.cluster.oke[*] : startswith(cluster.id, "ocid1.cluster.") && contains(["private", "public", "vcn-hostname"], cluster.endpoint)
      ]
    ]))
    error_message = "cluster.oke must name an OKE cluster (id = ocid1.cluster.…) and an endpoint: private, public or vcn-hostname."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [
        for image in values(site.images) : can(regex("^[^:@ ]+(:[0-9]+)?/[^:@ ]+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", image)) && !endswith(image, ":latest")
      ]
    ]))
    error_message = "An image must be REGISTRY/REPOSITORY:TAG or …@sha256:DIGEST, and not :latest: what runs is to be known from the configuration."
  }

  validation {
    condition     = alltrue([for site in var.sites : (length(site.network.function_subnet_ids) > 0) != (site.network.create != null)])
    error_message = "The network of a site must be either subnets that are there (function_subnet_ids) or {create = {…}}."
  }

  validation {
    condition = alltrue([
      for site in var.sites : var.gateway == null || site.network.create != null || site.network.gateway_subnet_id != null
    ])
    error_message = "A site with subnets of its own needs network.gateway_subnet_id for the API gateway; or set gateway = null, and no webhook comes in."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [
        for network in site.network.create[*] : can(cidrhost(network.cidr, 0)) && alltrue([for cidr in network.api_server_cidrs : can(cidrhost(cidr, 0))]) && !contains(network.api_server_cidrs, "0.0.0.0/0")
      ]
    ]))
    error_message = "network.create needs a CIDR, and CIDRs of the API server that are narrower than 0.0.0.0/0."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [
        for network in site.network.create[*] : try(var.gateway.endpoint_type, "") != "PRIVATE" || length(network.sender_cidrs) > 0 && network.drg_id != null
      ]
    ]))
    error_message = "A private gateway needs network.create.sender_cidrs and drg_id: that is how it answers its senders."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [for event in values(site.deployment_events) : contains(["devops", "ocir"], event.source)]
    ]))
    error_message = "The source of a deployment event must be devops or ocir."
  }
}

variable "groups" {
  description = <<-TEXT
    The protection groups, by name:
    - primary: the site that is primary until somebody fails over
    - export_minutes: minutes between two exports by the timer
    - spec: the group's specification as YAML, without sites, primary, standby, keys and schedule, which come from here
  TEXT
  nullable    = false

  type = map(object({
    primary        = string
    export_minutes = optional(number, 60)
    spec           = string
  }))

  validation {
    condition     = length(var.groups) > 0
    error_message = "groups must have one group at least."
  }

  validation {
    condition     = alltrue([for name in keys(var.groups) : can(regex("^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$", name))])
    error_message = "The name of a group must be at most 40 lower-case letters, digits and '-', beginning and ending with a letter or digit."
  }

  validation {
    condition     = alltrue([for group in values(var.groups) : contains(var.sites[*].name, group.primary)])
    error_message = "The primary of a group must be one of the sites."
  }

  validation {
    condition     = alltrue([for group in values(var.groups) : contains([5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440], group.export_minutes)])
    error_message = "export_minutes must be 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720 or 1440: an interval that divides the hour or the day, so that schedules can stand for it."
  }

  validation {
    condition     = alltrue([for group in values(var.groups) : can(keys(yamldecode(group.spec)))])
    error_message = "The spec of a group must be a YAML mapping."
  }

  validation {
    condition = alltrue([
      for group in values(var.groups) :
      length(setintersection(try(keys(yamldecode(group.spec)), []), ["sites", "primary", "standby", "keys", "schedule"])) == 0
    ])
    error_message = "The spec of a group must not have sites, primary, standby, keys or schedule: they come from sites, primary and export_minutes here."
  }

  validation {
    condition = alltrue(flatten([
      for group in values(var.groups) : [for webhook in try(yamldecode(group.spec).webhooks, []) : can(webhook.name) && can(webhook.kind) && !can(webhook.secretsFrom)]
    ]))
    error_message = "A webhook in a spec needs name and kind, and no secretsFrom: its secret is made in each site's vault."
  }
}
