"""`make bench`: the three functions measured on two real clusters, against floors of the same run."""
