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
}
