# Objects, by site whose buckets they are in. Names can be listed in the whole bucket (Object Storage knows no prefix there),
# bytes under the prefixes of the table alone. Nobody may overwrite: everything is written once.
locals {
  object_grants = {
    for site, facts in var.sites : site => flatten([
      for from in [{ at = "own", site = site }, { at = "other", site = facts.other }] : [
        for function in var.functions : [
          for access in var.object_access[function] : merge(access, {
            group  = oci_identity_dynamic_group.this["${from.site}-${function}"].name
            bucket = facts.bucket_names[access.bucket]
            kind   = access.bucket
            large  = [for key in var.archives_of[function] : key if contains(access.create, "${split("/", key)[0]}/*")]
          }) if access.at == from.at
        ]
      ]
    ])
  }

  verbs_of_grant = {
    for site, grants in local.object_grants : site => flatten([
      for grant in grants : [
        for verb in [
          { permissions = "OBJECT_INSPECT", keys = grant.list ? null : [] },
          { permissions = "OBJECT_READ", keys = grant.read },
          { permissions = "OBJECT_CREATE", keys = grant.create },
          { permissions = "OBJECT_DELETE", keys = grant.delete },
          { permissions = "BUCKET_READ, OBJECT_OVERWRITE, OBJECT_DELETE", keys = grant.large },
        ] : merge(grant, verb) if verb.keys == null ? true : length(verb.keys) > 0
      ]
    ])
  }

  object_statements = {
    for site, verbs in local.verbs_of_grant : site => [
      for verb in verbs : join("", [
        "Allow dynamic-group ${verb.group} to {${verb.permissions}} in compartment id ${var.sites[site].compartment_id} where all {target.bucket.name='${verb.bucket}'",
        verb.keys == null ? "" : length(verb.keys) == 1 ? ", target.object.name='${verb.keys[0]}'" : format(
          ", any {%s}", join(", ", [for key in verb.keys : "target.object.name='${key}'"]),
        ),
        "}",
      ])
    ]
  }
}
