output "configuration" {
  description = "The protection groups' documents: `kubestandby config from-terraform` makes the configuration file of them."
  value       = module.configuration[local.names[0]].documents
}

output "sites" {
  description = "What an operator needs of each site."

  value = {
    for name, site in { (local.names[0]) = module.first, (local.names[1]) = module.second } : name => {
      region                             = local.sites[name].region
      webhook_url                        = site.gateway_url
      invoke_endpoints                   = site.invoke_endpoints
      vault_id                           = site.access.vault_id
      vault_key_id                       = site.storage_key_id
      secret_ids                         = site.secret_ids
      function_ids                       = site.access.function_ids
      topic_id                           = site.access.topic_id
    }
  }
}

output "rbac_subjects" {
  description = "Dynamic groups, by site and function: subjects of `kubestandby rbac` for OKE clusters."

  value = {
    for name in local.names : name => {
      for function in module.contract.functions : function => module.function_access.dynamic_groups["${name}-${function}"]
    }
  }
}
