# Run with -var-file=examples/NAME/terraform.tfvars: every example is applied to providers that only pretend, so that all
# values are known. tests/terraform/ reads the state that this makes and looks at every policy, rule and bucket in it.
mock_provider "oci" {
  alias = "first"

  mock_data "oci_core_services" {
    defaults = {
      services = [{ id = "ocid1.service.first", name = "All IAD Services", cidr_block = "all-iad-services", description = "" }]
    }
  }
}

mock_provider "oci" {
  alias = "second"

  mock_data "oci_core_services" {
    defaults = {
      services = [{ id = "ocid1.service.second", name = "All PHX Services", cidr_block = "all-phx-services", description = "" }]
    }
  }
}

mock_provider "oci" {
  alias = "home"
}

run "apply" {
  command = apply

  assert {
    condition     = length(output.configuration) == length(var.groups)
    error_message = "Every group is to have its document."
  }

  assert {
    condition     = toset(keys(output.sites)) == toset(var.sites[*].name) && toset(keys(output.rbac_subjects)) == toset(keys(output.sites))
    error_message = "Outputs are to tell of both sites."
  }

  assert {
    condition = alltrue([
      for document in output.configuration : toset([document.spec.primary, document.spec.standby]) == toset(var.sites[*].name)
    ])
    error_message = "The other site is to be the standby."
  }

  assert {
    condition     = length(distinct(flatten([for functions in values(output.rbac_subjects) : values(functions)]))) == 6
    error_message = "Every function is to have a dynamic group of its own."
  }
}
