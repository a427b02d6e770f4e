"""Functions as OCI Functions runs them: a process per function that speaks the Fn contract over a unix socket."""
