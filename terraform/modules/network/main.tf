# A network for the functions, and for the API gateway before them. Functions take no connections. Their calls go to this
# region's services over the service gateway, to the other region's Object Storage over the NAT gateway (a service gateway
# knows its own region only), and to the API server.
data "oci_core_services" "all" {
  filter {
    name   = "name"
    values = ["All .* Services In Oracle Services Network"]
    regex  = true
  }
}

locals {
  dns_label = substr(replace(var.name, "-", ""), 0, 15)
}

resource "oci_core_vcn" "this" {
  compartment_id = var.compartment_id
  display_name   = var.name
  cidr_blocks    = [var.cidr]
  dns_label      = local.dns_label # without one, names are not resolved in the network
  freeform_tags  = var.tags
}

resource "oci_core_nat_gateway" "this" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name
  freeform_tags  = var.tags
}

resource "oci_core_service_gateway" "this" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name
  freeform_tags  = var.tags

  services {
    service_id = data.oci_core_services.all.services[0].id
  }
}

resource "oci_core_drg_attachment" "this" {
  count = var.drg_id == null ? 0 : 1

  drg_id        = var.drg_id
  display_name  = var.name
  freeform_tags = var.tags

  network_details {
    id   = oci_core_vcn.this.id
    type = "VCN"
  }
}

resource "oci_core_route_table" "functions" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-functions"
  freeform_tags  = var.tags

  route_rules {
    destination       = data.oci_core_services.all.services[0].cidr_block
    destination_type  = "SERVICE_CIDR_BLOCK"
    network_entity_id = oci_core_service_gateway.this.id
  }

  route_rules {
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_nat_gateway.this.id
  }

  dynamic "route_rules" {
    for_each = var.drg_id == null ? [] : var.api_server_cidrs

    content {
      destination       = route_rules.value
      destination_type  = "CIDR_BLOCK"
      network_entity_id = oci_core_drg_attachment.this[0].drg_id
    }
  }
}

# Without rules of its own: what may pass is in the network security groups.
resource "oci_core_security_list" "empty" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-nothing"
  freeform_tags  = var.tags
}

resource "oci_core_subnet" "functions" {
  compartment_id             = var.compartment_id
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${var.name}-functions"
  dns_label                  = "functions"
  cidr_block                 = cidrsubnet(var.cidr, 1, 0)
  prohibit_public_ip_on_vnic = true
  prohibit_internet_ingress  = true
  route_table_id             = oci_core_route_table.functions.id
  security_list_ids          = [oci_core_security_list.empty.id]
  freeform_tags              = var.tags
}

resource "oci_core_network_security_group" "functions" {
  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-functions"
  freeform_tags  = var.tags
}

resource "oci_core_network_security_group_security_rule" "services" {
  network_security_group_id = oci_core_network_security_group.functions.id
  description               = "Object Storage of both regions, Vault, KMS, OKE's token service"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = "0.0.0.0/0"
  destination_type          = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "api_server" {
  for_each = toset(var.api_server_cidrs)

  network_security_group_id = oci_core_network_security_group.functions.id
  description               = "The cluster's API server"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = each.value
  destination_type          = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 6443
      max = 6443
    }
  }
}
