"""The whole way: what was authored on the primary, through the running functions, against what is on the standby."""
