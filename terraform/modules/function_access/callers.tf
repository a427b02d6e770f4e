# Who may call the functions. Events is a service of its own; gateway, schedules and connectors are resources of ours.
locals {
  # By schedule, not by compartment: twenty in a statement, which has a length that OCI takes.
  scheduler_conditions = {
    for site, facts in var.sites : site => [
      for ids in chunklist(facts.schedule_ids, 20) : join(", ", [
        "request.principal.type='resourceschedule'",
        "any {${join(", ", [for id in ids : "request.principal.id='${id}'"])}}",
      ])
    ]
  }

  scheduler_statements = {
    for site, facts in var.sites : site => flatten([
      for condition in local.scheduler_conditions[site] : var.scheduler_rights == "manage" ? [
        "Allow any-user to manage functions-family in compartment id ${facts.compartment_id} where all {${condition}}",
        ] : [
        "Allow any-user to read fn-function in compartment id ${facts.compartment_id} where all {${condition}}",
        "Allow any-user to use fn-invocation in compartment id ${facts.compartment_id} where all {${condition}, target.function.id='${facts.function_ids["export"]}'}",
      ]
    ])
  }

  caller_statements = {
    for site, facts in var.sites : site => concat(
      local.scheduler_statements[site],
      var.events_policy ? ["Allow service cloudEvents to use functions-family in compartment id ${facts.compartment_id}"] : [],
      facts.has_gateway ? [
        "Allow any-user to use functions-family in compartment id ${facts.compartment_id} where all {request.principal.type='ApiGateway', request.resource.compartment.id='${facts.compartment_id}'}",
      ] : [],
      # A detached call that has failed for good is told to the topic; by whose right is not documented, so it is the function's.
      [
        for function in var.functions :
        "Allow dynamic-group ${oci_identity_dynamic_group.this["${site}-${function}"].name} to {ONS_TOPIC_PUBLISH} in compartment id ${facts.compartment_id} where target.topic.id='${facts.topic_id}'"
      ],
      [
        "Allow any-user to read log-content in compartment id ${facts.compartment_id} where all {request.principal.type='serviceconnector', request.principal.compartment.id='${facts.compartment_id}'}",
        "Allow any-user to use ons-topics in compartment id ${facts.compartment_id} where all {request.principal.type='serviceconnector', request.principal.compartment.id='${facts.compartment_id}', target.topic.id='${facts.topic_id}'}",
      ],
    )
  }
}
