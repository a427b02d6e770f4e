# Everything that calls the functions of this site, and what watches over that.
module "triggers" {
  source = "../triggers"

  compartment_id    = var.compartment_id
  name              = var.name
  bucket_names      = module.buckets.names
  rules             = var.event_rules
  function_ids      = module.functions.function_ids
  deployment_events = var.deployment_events
  tags              = var.tags
}

module "schedules" {
  source = "../schedules"

  compartment_id = var.compartment_id
  name           = var.name
  function_id    = module.functions.function_ids["export"]
  driver         = var.timer.driver
  schedules      = var.timer.schedules
  timers         = var.timer.timers
  alarm          = var.timer.alarm
  tags           = var.tags
}

module "gateway" {
  source = "../gateway"
  count  = local.has_gateway ? 1 : 0

  compartment_id      = var.compartment_id
  name                = var.name
  subnet_id           = var.network.create == null ? var.network.gateway_subnet_id : module.network[0].gateway_subnet_id
  nsg_ids             = var.network.create == null ? var.network.gateway_nsg_ids : [module.network[0].gateway_nsg_id]
  endpoint_type       = var.gateway.endpoint_type
  requests_per_second = var.gateway.requests_per_second
  function_id         = module.functions.function_ids["export"]
  tags                = var.tags
}

module "observability" {
  source = "../observability"

  compartment_id      = var.compartment_id
  name                = var.name
  topic_id            = module.alerts.topic_id
  log_group_id        = module.alerts.log_group_id
  log_days            = var.alerts.log_days
  application_id      = module.functions.application_id
  function_ids        = module.functions.function_ids
  rule_ids            = module.triggers.rule_ids
  bucket_names        = module.buckets.names
  gateway             = local.has_gateway ? { webhooks = module.gateway[0].deployment_id } : {}
  tick_minutes        = var.timer.tick_minutes
  dead_end_conditions = var.alerts.dead_end_conditions
  tags                = var.tags
}

module "replication" {
  source    = "../replication"
  count     = var.replicate_to == null ? 0 : 1
  providers = { oci = oci, oci.other = oci.other, oci.home = oci.home }

  compartment_id       = var.compartment_id
  other_compartment_id = var.replicate_to.compartment_id
  region               = var.region
  other_region         = var.replicate_to.region
  namespace            = var.namespace
  name                 = var.name
  bucket_name          = module.buckets.names["data"]
  other_kms_key_id     = var.replicate_to.kms_key_id
  tags                 = var.tags
}
