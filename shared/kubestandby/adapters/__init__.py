"""One door to each outside thing: kubernetes, cloudevents, object stores, configuration files."""
