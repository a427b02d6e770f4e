# Which object's creation wakes which function. The keys are those of shared/kubestandby/layout.py; a test makes real
# keys with that module and holds them against these patterns.
locals {
  requests_of = {
    export   = ["export", "import"]
    sanitize = ["sanitize"]
    restore  = ["restore", "plan", "failover"]
  }

  request_rules = {
    for function, actions in local.requests_of : "requests-${function}" => {
      bucket   = "control"
      function = function
      keys     = [for action in actions : "requests/*/*-${action}-*.json"]
    }
  }

  snapshot_rules = {
    snapshots-raw       = { bucket = "data", function = "sanitize", keys = ["raw/*/*/index.json"] }
    snapshots-sanitized = { bucket = "data", function = "restore", keys = ["sanitized/*/*/index.json"] }
  }

  event_rules = merge(local.request_rules, local.snapshot_rules)
}
