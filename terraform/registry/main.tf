# Where the functions' images are: a repository per function in each region, since OCI Functions takes images of its own
# region only. Applied before everything else, so that images are there when functions are made.
provider "oci" {
  alias               = "first"
  region              = var.sites[0].region
  config_file_profile = var.config_file_profile
}

provider "oci" {
  alias               = "second"
  region              = var.sites[1].region
  config_file_profile = var.config_file_profile
}

module "first" {
  source    = "../modules/registry"
  providers = { oci = oci.first }

  compartment_id = var.sites[0].compartment_id
  name           = var.name
  tags           = { application = "kubestandby" }
}

module "second" {
  source    = "../modules/registry"
  providers = { oci = oci.second }

  compartment_id = var.sites[1].compartment_id
  name           = var.name
  tags           = { application = "kubestandby" }
}
