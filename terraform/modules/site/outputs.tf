locals {
  urls = { for kind, name in var.bucket_names : kind => "oci://${var.namespace}/${name}?region=${var.region}" }

  clusters = {
    oke = [for cluster in var.cluster.oke[*] : { oke = cluster.id, endpoint = cluster.endpoint }]

    kubeconfig = [for cluster in var.cluster.kubeconfig[*] : merge(
      { kubeconfigFrom = { vault = module.vault.secret_ids[local.kubeconfig_secret] } },
      { for field, value in { context = cluster.context } : field => value if value != null },
    )]
  }

  kms = { for endpoint in [module.vault.crypto_endpoint] : "kms" => merge({ endpoint = endpoint }, module.vault.signing_keys) if var.keys.signing == "kms" }
}

output "facts" {
  description = "The site, as it stands in the configuration file."

  value = merge({
    data    = local.urls.data
    control = local.urls.control
    keys    = merge({ vault = module.vault.vault_id, prefix = var.key_prefix }, local.kms)
    }, {
    for kind, clusters in local.clusters : "cluster" => clusters[0] if length(clusters) > 0
  })
}

output "webhook_secrets" {
  description = "OCID of the secret of each webhook, by GROUP/NAME."
  value       = { for webhook, secret in local.webhook_secrets : webhook => module.vault.secret_ids[secret] }
}

output "access" {
  description = "What policies have to name."

  value = {
    compartment_id     = var.compartment_id
    bucket_names       = module.buckets.names
    function_ids       = module.functions.function_ids
    schedule_ids       = module.schedules.schedule_ids
    vault_id           = module.vault.vault_id
    key_prefix         = var.key_prefix
    signing_keys       = module.vault.signing_keys
    webhook_secret_ids = [for secret in values(local.webhook_secrets) : module.vault.secret_ids[secret]]
    cluster_secret_ids = [for cluster in var.cluster.kubeconfig[*] : module.vault.secret_ids[local.kubeconfig_secret]]
    has_gateway        = local.has_gateway
    topic_id           = module.alerts.topic_id
    clusters = [
      for cluster in var.cluster.oke[*] : { id = cluster.id, compartment_id = coalesce(cluster.compartment_id, var.compartment_id) }
    ]
  }
}

output "storage_key_id" {
  description = "The key that encrypts the site's buckets and secrets."
  value       = module.vault.storage_key_id

  # A copy of the other site's bucket is encrypted with it: not before Object Storage may use it.
  depends_on = [module.service_access]
}

output "gateway_url" {
  description = "The URL of webhooks before /GROUP/NAME; null without a gateway."
  value       = one(module.gateway[*].url)
}

output "invoke_endpoints" {
  description = "Where each function is invoked."
  value       = module.functions.invoke_endpoints
}

output "secret_ids" {
  description = "OCIDs of the secrets whose values are set outside of Terraform, by name."
  value       = module.vault.secret_ids
}
