# One site: a region with buckets, keys, functions and all that calls them. Both sites are made from this same module with
# the same inputs, so that roles can change without Terraform.
locals {
  kubeconfig_secret = "kubeconfig"
  webhook_secrets   = { for webhook in var.webhook_names : webhook => "webhook-${replace(webhook, "/", "-")}" }
  has_gateway       = var.gateway != null
}

module "network" {
  source = "../network"
  count  = var.network.create == null ? 0 : 1

  compartment_id   = var.compartment_id
  name             = var.name
  cidr             = var.network.create.cidr
  api_server_cidrs = var.network.create.api_server_cidrs
  drg_id           = var.network.create.drg_id
  gateway          = one(var.gateway[*].endpoint_type)
  sender_cidrs     = var.network.create.sender_cidrs
  tags             = var.tags
}

module "vault" {
  source = "../vault"

  compartment_id  = var.compartment_id
  name            = var.name
  protection_mode = var.keys.protection_mode
  signing         = var.keys.signing
  secret_names    = toset(concat(var.cluster.kubeconfig == null ? [] : [local.kubeconfig_secret], values(local.webhook_secrets)))
  tags            = var.tags
}

module "service_access" {
  source    = "../service_access"
  providers = { oci = oci.home }

  compartment_id = var.compartment_id
  name           = var.name
  region         = var.region
  bucket_names   = values(var.bucket_names)
  key_id         = module.vault.storage_key_id
  tags           = var.tags
}

module "buckets" {
  source = "../buckets"

  compartment_id        = var.compartment_id
  namespace             = var.namespace
  names                 = var.bucket_names
  kms_key_id            = module.vault.storage_key_id
  protection            = { data = var.storage.data_protection, control = var.storage.control_protection }
  retention_days        = var.storage.retention_days
  retention_locked_from = var.storage.retention_locked_from
  keep_versions_days    = var.storage.keep_versions_days
  keep_heartbeats_days  = var.storage.keep_heartbeats_days
  tags                  = var.tags

  # A bucket that Object Storage may not encrypt is not made.
  depends_on = [module.service_access]
}

# Under the name of its own digest: whoever may write to the bucket cannot change what the functions read.
resource "oci_objectstorage_object" "configuration" {
  namespace    = var.namespace
  bucket       = module.buckets.names["control"]
  object       = var.configuration.key
  content      = var.configuration.text
  content_type = "application/yaml"

  lifecycle {
    create_before_destroy = true
  }
}

module "alerts" {
  source = "../alerts"

  compartment_id = var.compartment_id
  name           = var.name
  subscriptions  = var.alerts.subscriptions
  tags           = var.tags
}

module "functions" {
  source = "../functions"

  compartment_id    = var.compartment_id
  name              = var.name
  subnet_ids        = var.network.create == null ? var.network.function_subnet_ids : [module.network[0].function_subnet_id]
  nsg_ids           = var.network.create == null ? var.network.function_nsg_ids : [module.network[0].function_nsg_id]
  shape             = var.shape
  functions         = var.functions
  dead_end_topic_id = module.alerts.topic_id
  tags              = var.tags

  environment = {
    KUBESTANDBY_PUSH_AFTER_SECONDS = tostring(var.timer.push_after_seconds)
    KUBESTANDBY_CONFIG             = "${local.urls.control}#${oci_objectstorage_object.configuration.object}"
    KUBESTANDBY_SITE               = var.site_name
    KUBESTANDBY_LOG_LEVEL          = var.log_level
  }
}
