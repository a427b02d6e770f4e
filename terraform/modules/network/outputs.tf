output "function_subnet_id" {
  description = "Subnet of the functions."
  value       = oci_core_subnet.functions.id
}

output "function_nsg_id" {
  description = "Network security group of the functions."
  value       = oci_core_network_security_group.functions.id
}

output "gateway_subnet_id" {
  description = "Subnet of the API gateway, null where there is none."
  value       = one(oci_core_subnet.gateway[*].id)
}

output "gateway_nsg_id" {
  description = "Network security group of the API gateway, null where there is none."
  value       = one(oci_core_network_security_group.gateway[*].id)
}
