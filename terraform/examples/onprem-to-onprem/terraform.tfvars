# Two data centres of your own, with OCI between them: buckets, keys and functions in the two regions nearest to them, each
# reaching its data centre's API server over FastConnect or a VPN. Webhooks come from inside, so the gateways are private.
tenancy_id               = "ocid1.tenancy.oc1..example"
home_region              = "uk-london-1"
object_storage_namespace = "example"

sites = [
  {
    name           = "north"
    region         = "uk-london-1"
    compartment_id = "ocid1.compartment.oc1..north"
    cluster        = { kubeconfig = { context = "north" } }

    images = {
      export   = "registry.north.example/kubestandby/export:0.1.0"
      sanitize = "registry.north.example/kubestandby/sanitize:0.1.0"
      restore  = "registry.north.example/kubestandby/restore:0.1.0"
    }

    network = {
      create = {
        cidr             = "10.90.0.0/24"
        api_server_cidrs = ["192.168.10.20/32"]
        sender_cidrs     = ["192.168.0.0/16"]
        drg_id           = "ocid1.drg.oc1.uk-london-1.north"
      }
    }
  },
  {
    name           = "south"
    region         = "eu-paris-1"
    compartment_id = "ocid1.compartment.oc1..south"
    cluster        = { kubeconfig = { context = "south" } }

    images = {
      export   = "registry.south.example/kubestandby/export:0.1.0"
      sanitize = "registry.south.example/kubestandby/sanitize:0.1.0"
      restore  = "registry.south.example/kubestandby/restore:0.1.0"
    }

    network = {
      create = {
        cidr             = "10.91.0.0/24"
        api_server_cidrs = ["192.168.20.20/32"]
        sender_cidrs     = ["192.168.0.0/16"]
        drg_id           = "ocid1.drg.oc1.eu-paris-1.south"
      }
    }
  },
]

groups = {
  erp = {
    primary        = "north"
    export_minutes = 5

    spec = <<-YAML
      excludeNamespaces: [monitoring]
      restore: {mode: rehearse}
      webhooks:
        - {name: argo, kind: argocd, match: {applications: ["erp-*"]}}
    YAML
  }
  portal = {
    primary = "south"
    spec    = "namespaces: [portal]"
  }
}

# Twelve schedules for five minutes are more than this tenancy has; an alarm repeats itself as often as needed.
timer = {
  driver       = "alarm"
  tick_minutes = 10
}

gateway = {
  endpoint_type = "PRIVATE"
}

keys = {
  signing = "kms"
}

alerts = {
  subscriptions = { operators = { protocol = "EMAIL", endpoint = "operators@example.com" } }
}
