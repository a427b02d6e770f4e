# The configuration file of kubestandby, as the functions of one site read it. `kubestandby config from-terraform` prints
# the same documents for an operator.
locals {
  specs = { for name, group in var.groups : name => yamldecode(group.spec) }

  # Where the secret of a webhook is, is not the group's author's business.
  secrets_from = {
    for name, spec in local.specs : name => [
      for webhook in try(spec.webhooks, []) : {
        for field, secret in { secretsFrom = lookup(var.webhook_secrets, "${name}/${webhook.name}", null) } :
        field => [{ vault = secret }] if secret != null
      }
    ]
  }

  webhooks = {
    for name, spec in local.specs : name => {
      for field in ["webhooks"] : field => [
        for position, webhook in try(spec.webhooks, []) : merge(webhook, local.secrets_from[name][position])
      ] if can(spec.webhooks)
    }
  }

  documents = [
    for name, group in var.groups : {
      apiVersion = "kubestandby.dev/v1"
      kind       = "ProtectionGroup"
      metadata   = { name = name }
      spec = merge(local.specs[name], local.webhooks[name], {
        sites   = var.sites
        primary = group.primary
        standby = one([for site in keys(var.sites) : site if site != group.primary])
      })
    }
  ]

  text = join("---\n", [for document in local.documents : "${jsonencode(document)}\n"])
}
