# Credentials come from the environment or from the command line's configuration file, never from a variable: what is a
# variable can end up in a state or a plan.
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

# Dynamic groups and policies can be made in the tenancy's home region only.
provider "oci" {
  alias               = "home"
  region              = var.home_region
  config_file_profile = var.config_file_profile
}
