output "repositories" {
  description = "Names of the repositories, by region and function."
  value       = { (var.sites[0].region) = module.first.repositories, (var.sites[1].region) = module.second.repositories }
}
