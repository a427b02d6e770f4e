terraform {
  required_version = ">= 1.9" # validations that look at other variables

  required_providers {
    oci = {
      source  = "oracle/oci"
      version = "~> 8.25" # the form of an events rule's action since July 2026
    }
  }
}
