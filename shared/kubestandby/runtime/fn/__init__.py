"""OCI Functions: one function as a container that speaks the Fn contract over a unix socket."""
