# The switches of rights, each on and off; what stands in every statement is looked at by tests/terraform/ in Python.
mock_provider "oci" {}

variables {
  tenancy_id       = "ocid1.tenancy.oc1..example"
  name             = "ks"
  functions        = ["export"]
  key_files_of     = { export = ["trust.json", "export.key"] }
  uses_cluster     = ["export"]
  archives_of      = { export = [] }
  events_policy    = true
  scheduler_rights = "invoke"
  tags             = {}

  object_access = {
    export = [{ at = "own", bucket = "data", list = true, read = ["raw/*"], create = ["raw/*"], delete = [] }]
  }

  sites = {
    east = {
      other              = "west"
      compartment_id     = "ocid1.compartment.oc1..east"
      bucket_names       = { data = "ks-east-data", control = "ks-east-control" }
      function_ids       = { export = "ocid1.fnfunc.oc1..east" }
      schedule_ids       = [for number in range(25) : "ocid1.resourceschedule.oc1..${number}"]
      vault_id           = "ocid1.vault.oc1..east"
      key_prefix         = "ks-"
      signing_keys       = {}
      webhook_secret_ids = []
      cluster_secret_ids = []
      clusters           = []
      has_gateway        = false
      topic_id           = "ocid1.onstopic.oc1..east"
    }
    west = {
      other              = "east"
      compartment_id     = "ocid1.compartment.oc1..west"
      bucket_names       = { data = "ks-west-data", control = "ks-west-control" }
      function_ids       = { export = "ocid1.fnfunc.oc1..west" }
      schedule_ids       = []
      vault_id           = "ocid1.vault.oc1..west"
      key_prefix         = "ks-"
      signing_keys       = { export = { key = "ocid1.key.oc1..west", version = "ocid1.keyversion.oc1..west" } }
      webhook_secret_ids = []
      cluster_secret_ids = []
      clusters           = []
      has_gateway        = false
      topic_id           = "ocid1.onstopic.oc1..west"
    }
  }
}

run "nobody_overwrites_unless_archives_are_large" {
  command = apply

  assert {
    condition     = !strcontains(join(" ", oci_identity_policy.objects["east"].statements), "OBJECT_OVERWRITE")
    error_message = "Without large archives nobody is to overwrite."
  }

  assert {
    condition     = length([for one in oci_identity_policy.callers["east"].statements : one if strcontains(one, "fn-invocation")]) == 2
    error_message = "Twenty-five schedules are to be named in two statements."
  }

  assert {
    condition     = !strcontains(join(" ", oci_identity_policy.keys["west"].statements), "export.key")
    error_message = "A function whose key is in the KMS is to read no key file of its role."
  }
}

run "large_archives_may_be_overwritten_and_nothing_else" {
  command = apply

  variables {
    archives_of = { export = ["raw/*/*/snapshot.tar.gz"] }
  }

  assert {
    condition = [for one in oci_identity_policy.objects["east"].statements : one if strcontains(one, "OBJECT_OVERWRITE")] == [
      "Allow dynamic-group ks-east-export to {BUCKET_READ, OBJECT_OVERWRITE, OBJECT_DELETE} in compartment id ocid1.compartment.oc1..east where all {target.bucket.name='ks-east-data', target.object.name='raw/*/*/snapshot.tar.gz'}",
    ]
    error_message = "Only archives are to be overwritten, by who writes them."
  }
}

run "rights_of_services_follow_their_switches" {
  command = apply

  variables {
    events_policy    = false
    scheduler_rights = "manage"
  }

  assert {
    condition = alltrue([
      !strcontains(join(" ", oci_identity_policy.callers["east"].statements), "cloudEvents"),
      strcontains(join(" ", oci_identity_policy.callers["east"].statements), "manage functions-family"),
      !strcontains(join(" ", oci_identity_policy.callers["east"].statements), "fn-invocation"),
    ])
    error_message = "Events is to have no right, and schedules Oracle's own."
  }
}
