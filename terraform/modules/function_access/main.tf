# Six dynamic groups, one per function and site: each holds exactly that function.
locals {
  members = merge([
    for site, facts in var.sites : {
      for function in var.functions : "${site}-${function}" => { site = site, function = function, id = facts.function_ids[function] }
    }
  ]...)
}

resource "oci_identity_dynamic_group" "this" {
  for_each = local.members

  compartment_id = var.tenancy_id
  name           = "${var.name}-${each.key}"
  description    = "kubestandby: the ${each.value.function} function at ${each.value.site}"
  matching_rule  = "ALL {resource.type = 'fnfunc', resource.id = '${each.value.id}'}"
  freeform_tags  = var.tags
}

# One policy per site and subject, in the compartment of what it gives access to. A policy holds 50 statements at most.
resource "oci_identity_policy" "objects" {
  for_each = var.sites

  compartment_id = each.value.compartment_id
  name           = "${var.name}-${each.key}-objects"
  description    = "kubestandby: which function may do what in the buckets of ${each.key}"
  statements     = local.object_statements[each.key]
  freeform_tags  = var.tags
}

resource "oci_identity_policy" "keys" {
  for_each = var.sites

  compartment_id = each.value.compartment_id
  name           = "${var.name}-${each.key}-keys"
  description    = "kubestandby: which function may read which secret and sign with which key of ${each.key}"
  statements     = concat(local.secret_statements[each.key], local.signing_statements[each.key])
  freeform_tags  = var.tags
}

resource "oci_identity_policy" "callers" {
  for_each = var.sites

  compartment_id = each.value.compartment_id
  name           = "${var.name}-${each.key}-callers"
  description    = "kubestandby: who may call the functions of ${each.key}, and tell its topic"
  statements     = local.caller_statements[each.key]
  freeform_tags  = var.tags
}

resource "oci_identity_policy" "cluster" {
  for_each = { for site, facts in var.sites : site => facts if length(facts.clusters) > 0 }

  compartment_id = each.value.clusters[0].compartment_id
  name           = "${var.name}-${each.key}-cluster"
  description    = "kubestandby: which function may reach the cluster of ${each.key}; what it may do there is the cluster's own RBAC"
  freeform_tags  = var.tags

  statements = flatten([
    for cluster in each.value.clusters : [
      for function in var.uses_cluster :
      "Allow dynamic-group ${oci_identity_dynamic_group.this["${each.key}-${function}"].name} to use clusters in compartment id ${cluster.compartment_id} where target.cluster.id='${cluster.id}'"
    ]
  ])
}
