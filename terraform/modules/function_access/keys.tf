# Secrets and keys, by site. A function reads the key files of its own role at its own site, and nothing of the other one.
locals {
  secret_grants = {
    for site, facts in var.sites : site => flatten([
      for function in var.functions : [
        {
          group     = oci_identity_dynamic_group.this["${site}-${function}"].name
          condition = "target.vault.id='${facts.vault_id}'"
          secrets = [
            for file in var.key_files_of[function] : "target.secret.name='${facts.key_prefix}${file}'"
            if file != "${function}.key" || length(facts.signing_keys) == 0
          ]
        },
        {
          group     = oci_identity_dynamic_group.this["${site}-${function}"].name
          condition = "target.vault.id='${facts.vault_id}'"
          secrets = [for id in concat(
            contains(var.uses_cluster, function) ? facts.cluster_secret_ids : [],
            function == "export" ? facts.webhook_secret_ids : [],
          ) : "target.secret.id='${id}'"]
        },
      ]
    ])
  }

  secret_statements = {
    for site, grants in local.secret_grants : site => [
      for grant in grants :
      "Allow dynamic-group ${grant.group} to read secret-bundles in compartment id ${var.sites[site].compartment_id} where all {${grant.condition}, any {${join(", ", grant.secrets)}}}"
      if length(grant.secrets) > 0
    ]
  }

  signing_statements = {
    for site, facts in var.sites : site => [
      for function, key in facts.signing_keys :
      "Allow dynamic-group ${oci_identity_dynamic_group.this["${site}-${function}"].name} to use keys in compartment id ${facts.compartment_id} where target.key.id='${key.key}'"
    ]
  }
}
