# Two OKE clusters in two regions, with networks made for the functions.
tenancy_id               = "ocid1.tenancy.oc1..example"
home_region              = "us-ashburn-1"
object_storage_namespace = "example"

sites = [
  {
    name           = "east"
    region         = "us-ashburn-1"
    compartment_id = "ocid1.compartment.oc1..east"
    cluster        = { oke = { id = "ocid1.cluster.oc1.iad.east" } }

    images = {
      export   = "registry.east.example/kubestandby/export:0.1.0"
      sanitize = "registry.east.example/kubestandby/sanitize:0.1.0"
      restore  = "registry.east.example/kubestandby/restore:0.1.0"
    }

    # The cluster's private endpoint is in a network of its own: attach both to the same dynamic routing gateway.
    network = {
      create = {
        cidr             = "10.80.0.0/24"
        api_server_cidrs = ["10.0.0.0/28"]
        drg_id           = "ocid1.drg.oc1.iad.east"
      }
    }

    deployment_events = {
      pipelines = { source = "devops", compartment_id = "ocid1.compartment.oc1..devops", resource_names = ["shop-*"] }
    }
  },
  {
    name           = "west"
    region         = "us-phoenix-1"
    compartment_id = "ocid1.compartment.oc1..west"
    cluster        = { oke = { id = "ocid1.cluster.oc1.phx.west" } }

    images = {
      export   = "registry.west.example/kubestandby/export:0.1.0"
      sanitize = "registry.west.example/kubestandby/sanitize:0.1.0"
      restore  = "registry.west.example/kubestandby/restore:0.1.0"
    }

    network = {
      create = {
        cidr             = "10.81.0.0/24"
        api_server_cidrs = ["10.1.0.0/28"]
        drg_id           = "ocid1.drg.oc1.phx.west"
      }
    }

    deployment_events = {
      pipelines = { source = "devops", compartment_id = "ocid1.compartment.oc1..devops", resource_names = ["shop-*"] }
    }
  },
]

groups = {
  shop = {
    primary        = "east"
    export_minutes = 15

    spec = <<-YAML
      namespaces: [shop-data, shop]
      restore: {mode: warm}
      webhooks:
        - name: deploys
          kind: github
          match: {repositories: [acme/shop], branches: [main]}
        - name: pipelines
          kind: oci-devops
          match: {applications: ["shop-*"]}
    YAML
  }
}

alerts = {
  subscriptions = { operators = { protocol = "EMAIL", endpoint = "operators@example.com" } }
}
