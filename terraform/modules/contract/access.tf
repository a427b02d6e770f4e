# What each function does in which bucket. `at` says whose bucket: that of the function's own site or of the other one.
# Names are listed in a whole bucket (Object Storage knows no prefix there), bytes are read, created and deleted under these
# prefixes alone. A test runs the functions on recording buckets and holds their calls against this table, in both directions.
locals {
  object_access = {
    export = [
      {
        at     = "own"
        bucket = "control"
        list   = true
        read   = ["applied/*", "begun/*", "config/*", "deliveries/*", "epochs/*", "imports/*", "outcomes/*", "requests/*", "served/*"]
        create = ["begun/*", "deliveries/*", "epochs/*", "outcomes/*", "requests/*"]
        delete = ["deliveries/*", "imports/*"]
      },
      {
        at     = "own"
        bucket = "data"
        list   = true
        read   = ["heartbeats/*", "raw/*", "reports/*", "sanitized/*"]
        create = ["heartbeats/*", "raw/*"]
        delete = []
      },
      {
        # A webhook may reach the standby: it asks the primary for the export. A tick tells what this site serves.
        at     = "other"
        bucket = "control"
        list   = true
        read   = ["begun/*", "deliveries/*", "epochs/*", "outcomes/*", "requests/*", "served/*"]
        create = ["deliveries/*", "epochs/*", "requests/*", "served/*"]
        delete = []
      },
      { at = "other", bucket = "data", list = true, read = ["heartbeats/*"], create = ["heartbeats/*"], delete = [] },
    ]
    sanitize = [
      {
        at     = "own"
        bucket = "control"
        list   = true
        read   = ["config/*", "outcomes/*", "requests/*"]
        create = ["outcomes/*", "requests/*"]
        delete = []
      },
      { at = "own", bucket = "data", list = false, read = ["raw/*"], create = [], delete = [] },
      { at = "other", bucket = "data", list = true, read = ["sanitized/*"], create = ["sanitized/*"], delete = [] },
    ]
    restore = [
      {
        at     = "own"
        bucket = "control"
        list   = true
        read   = ["applied/*", "config/*", "epochs/*", "outcomes/*", "requests/*"]
        create = ["applied/*", "epochs/*", "outcomes/*", "requests/*"]
        delete = []
      },
      {
        at     = "own"
        bucket = "data"
        list   = true
        read   = ["reports/*", "sanitized/*"]
        create = ["reports/*"]
        delete = []
      },
      { at = "other", bucket = "control", list = true, read = ["epochs/*"], create = ["epochs/*"], delete = [] },
      # Heartbeats, at both sites: their names say all.
      { at = "other", bucket = "data", list = true, read = [], create = [], delete = [] },
    ]
  }

  # Archives, the only large objects: what a multipart upload needs beside (see `large_archives`).
  archives_of = { export = ["raw/*/*/snapshot.tar.gz"], sanitize = ["sanitized/*/*/snapshot.tar.gz"], restore = [] }

  # Files of the key folder that each function reads, by the names that `kubestandby keys publish` gives their secrets.
  key_files_of = {
    export   = ["trust.json", "root.pub", "export.key", "fingerprint.key", "unseal.age"] # imports are sealed for the site
    sanitize = ["trust.json", "root.pub", "sanitize.key"]
    restore  = ["trust.json", "root.pub", "restore.key", "unseal.age"]
  }

  # Functions that talk to the site's cluster.
  uses_cluster = ["export", "restore"]
}
