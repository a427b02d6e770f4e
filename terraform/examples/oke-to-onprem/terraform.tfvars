# An OKE cluster, and a standby in a data centre of your own. The standby's functions and buckets are in the region nearest
# to it, and reach its API server over FastConnect or a VPN that ends at the subnets' dynamic routing gateway.
tenancy_id               = "ocid1.tenancy.oc1..example"
home_region              = "eu-frankfurt-1"
object_storage_namespace = "example"

sites = [
  {
    name           = "cloud"
    region         = "eu-frankfurt-1"
    compartment_id = "ocid1.compartment.oc1..cloud"
    cluster        = { oke = { id = "ocid1.cluster.oc1.eu-frankfurt-1.cloud", endpoint = "public" } }

    images = {
      export   = "registry.cloud.example/kubestandby/export:0.1.0"
      sanitize = "registry.cloud.example/kubestandby/sanitize:0.1.0"
      restore  = "registry.cloud.example/kubestandby/restore:0.1.0"
    }

    network = {
      function_subnet_ids = ["ocid1.subnet.oc1.eu-frankfurt-1.functions"]
      function_nsg_ids    = ["ocid1.networksecuritygroup.oc1.eu-frankfurt-1.functions"]
      gateway_subnet_id   = "ocid1.subnet.oc1.eu-frankfurt-1.gateway"
    }

    deployment_events = {
      images = { source = "ocir", compartment_id = "ocid1.compartment.oc1..images", resource_names = ["shop/*"] }
    }
  },
  {
    name           = "hall"
    region         = "eu-amsterdam-1"
    compartment_id = "ocid1.compartment.oc1..hall"
    cluster        = { kubeconfig = { context = "hall" } }

    images = {
      export   = "registry.hall.example/kubestandby/export:0.1.0"
      sanitize = "registry.hall.example/kubestandby/sanitize:0.1.0"
      restore  = "registry.hall.example/kubestandby/restore:0.1.0"
    }

    network = {
      function_subnet_ids = ["ocid1.subnet.oc1.eu-amsterdam-1.functions"]
      function_nsg_ids    = ["ocid1.networksecuritygroup.oc1.eu-amsterdam-1.functions"]
      gateway_subnet_id   = "ocid1.subnet.oc1.eu-amsterdam-1.gateway"
    }

    deployment_events = {
      images = { source = "ocir", compartment_id = "ocid1.compartment.oc1..images", resource_names = ["shop/*"] }
    }
  },
]

groups = {
  shop = {
    primary        = "cloud"
    export_minutes = 30

    spec = <<-YAML
      namespaces: [shop-data, shop]
      restore: {mode: warm}
      webhooks:
        - {name: deploys, kind: gitlab}
        - {name: images, kind: ocir, match: {repositories: ["shop/*"]}}
      transforms:
        - name: storage-of-the-hall
          storageClasses: {map: {oci-bv: local-path}}
    YAML
  }
}

# The state hardly ever changes, and nobody may shorten what is kept.
storage = {
  retention_days        = 30
  retention_locked_from = "2027-01-31T00:00:00Z"
  copies                = true
}

alerts = {
  subscriptions = { operators = { protocol = "EMAIL", endpoint = "operators@example.com" } }
  log_days      = 90
}
