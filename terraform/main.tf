# Two regions that protect an application. Both are made alike: which of them is primary is an object in a bucket, so a
# failover, and the way back, need no Terraform.
locals {
  names = [for site in var.sites : site.name]
  sites = { for site in var.sites : site.name => site }
  specs = { for name, group in var.groups : name => yamldecode(group.spec) }

  # Webhooks by events of the platform have no secret.
  webhook_names = toset(flatten([
    for name, spec in local.specs : [
      for webhook in try(spec.webhooks, []) : "${name}/${webhook.name}" if !contains(["oci-devops", "ocir"], webhook.kind)
    ]
  ]))

  tags = merge({ application = "kubestandby" }, var.tags)

  # Output by output: a reference to a whole module waits for all of it, and each site's configuration names both vaults.
  facts           = { (local.names[0]) = module.first.facts, (local.names[1]) = module.second.facts }
  webhook_secrets = { (local.names[0]) = module.first.webhook_secrets, (local.names[1]) = module.second.webhook_secrets }
  access          = { (local.names[0]) = module.first.access, (local.names[1]) = module.second.access }

  # What both sites have in common; a test holds the two against each other.
  common = {
    functions = {
      for site in var.sites : site.name => {
        for function, settings in var.functions : function => merge(settings, { image = site.images[function] })
      }
    }
    timer = merge(var.timer, { schedules = module.contract.schedules, timers = module.contract.timers })
  }
}

module "contract" {
  source = "./modules/contract"

  name                      = var.name
  site_names                = local.names
  tick_minutes              = var.timer.tick_minutes
  export_minutes            = { for name, group in var.groups : name => group.export_minutes }
  scheduler_minimum_minutes = var.timer.scheduler_minimum_minutes
}

module "configuration" {
  source   = "./modules/configuration"
  for_each = local.sites

  groups          = { for name, group in var.groups : name => { primary = group.primary, spec = group.spec } }
  sites           = local.facts
  webhook_secrets = local.webhook_secrets[each.key]
}

module "first" {
  source    = "./modules/site"
  providers = { oci = oci.first, oci.other = oci.second, oci.home = oci.home }

  name              = "${var.name}-${local.names[0]}"
  site_name         = local.names[0]
  region            = var.sites[0].region
  compartment_id    = var.sites[0].compartment_id
  cluster           = var.sites[0].cluster
  network           = var.sites[0].network
  deployment_events = var.sites[0].deployment_events
  bucket_names      = module.contract.bucket_names[local.names[0]]
  functions         = local.common.functions[local.names[0]]
  configuration     = { key = module.configuration[local.names[0]].key, text = module.configuration[local.names[0]].text }
  replicate_to      = var.storage.copies ? merge(local.copy_places[1], { kms_key_id = module.second.storage_key_id }) : null

  namespace     = var.object_storage_namespace
  shape         = var.shape
  log_level     = var.log_level
  storage       = var.storage
  keys          = var.keys
  key_prefix    = "${var.name}-"
  webhook_names = local.webhook_names
  gateway       = var.gateway
  event_rules   = module.contract.event_rules
  timer         = local.common.timer
  alerts        = var.alerts
  tags          = local.tags
}

module "second" {
  source    = "./modules/site"
  providers = { oci = oci.second, oci.other = oci.first, oci.home = oci.home }

  name              = "${var.name}-${local.names[1]}"
  site_name         = local.names[1]
  region            = var.sites[1].region
  compartment_id    = var.sites[1].compartment_id
  cluster           = var.sites[1].cluster
  network           = var.sites[1].network
  deployment_events = var.sites[1].deployment_events
  bucket_names      = module.contract.bucket_names[local.names[1]]
  functions         = local.common.functions[local.names[1]]
  configuration     = { key = module.configuration[local.names[1]].key, text = module.configuration[local.names[1]].text }
  replicate_to      = var.storage.copies ? merge(local.copy_places[0], { kms_key_id = module.first.storage_key_id }) : null

  namespace     = var.object_storage_namespace
  shape         = var.shape
  log_level     = var.log_level
  storage       = var.storage
  keys          = var.keys
  key_prefix    = "${var.name}-"
  webhook_names = local.webhook_names
  gateway       = var.gateway
  event_rules   = module.contract.event_rules
  timer         = local.common.timer
  alerts        = var.alerts
  tags          = local.tags
}

module "function_access" {
  source    = "./modules/function_access"
  providers = { oci = oci.home }

  tenancy_id       = var.tenancy_id
  name             = var.name
  functions        = module.contract.functions
  object_access    = module.contract.object_access
  archives_of      = { for function, keys in module.contract.archives_of : function => var.storage.large_archives ? keys : [] }
  key_files_of     = module.contract.key_files_of
  uses_cluster     = module.contract.uses_cluster
  events_policy    = var.policies.events
  scheduler_rights = var.policies.scheduler
  tags             = local.tags

  sites = {
    for position, name in local.names :
    name => merge(local.access[name], { other = local.names[1 - position] })
  }
}

locals {
  copy_places = [for site in var.sites : { region = site.region, compartment_id = site.compartment_id }]
}
