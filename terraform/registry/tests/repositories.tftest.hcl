mock_provider "oci" {
  alias = "first"
}

mock_provider "oci" {
  alias = "second"
}

variables {
  sites = [
    { region = "us-ashburn-1", compartment_id = "ocid1.compartment.oc1..east" },
    { region = "us-phoenix-1", compartment_id = "ocid1.compartment.oc1..west" },
  ]
}

run "every_function_has_a_repository_in_each_region" {
  command = plan

  assert {
    condition = output.repositories["us-ashburn-1"] == output.repositories["us-phoenix-1"] && output.repositories["us-phoenix-1"] == {
      export   = "kubestandby/export"
      sanitize = "kubestandby/sanitize"
      restore  = "kubestandby/restore"
    }
    error_message = "Both regions are to have the same repositories."
  }
}

run "two_sites_in_one_region_are_refused" {
  command         = plan
  expect_failures = [var.sites]

  variables {
    sites = [
      { region = "us-ashburn-1", compartment_id = "ocid1.compartment.oc1..east" },
      { region = "us-ashburn-1", compartment_id = "ocid1.compartment.oc1..west" },
    ]
  }
}
