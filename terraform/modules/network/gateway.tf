# Where webhooks come in: the only part of this network that takes connections.
resource "oci_core_internet_gateway" "this" {
  count = var.has_gateway ? 1 : 0

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name
  freeform_tags  = var.tags
}

resource "oci_core_route_table" "gateway" {
  count = var.has_gateway ? 1 : 0

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-gateway"
  freeform_tags  = var.tags

  route_rules {
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_internet_gateway.this[0].id
  }
}

resource "oci_core_subnet" "gateway" {
  count = var.has_gateway ? 1 : 0

  compartment_id    = var.compartment_id
  vcn_id            = oci_core_vcn.this.id
  display_name      = "${var.name}-gateway"
  dns_label         = "gateway"
  cidr_block        = cidrsubnet(var.cidr, 1, 1)
  route_table_id    = oci_core_route_table.gateway[0].id
  security_list_ids = [oci_core_security_list.empty.id]
  freeform_tags     = var.tags
}

resource "oci_core_network_security_group" "gateway" {
  count = var.has_gateway ? 1 : 0

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-gateway"
  freeform_tags  = var.tags
}

resource "oci_core_network_security_group_security_rule" "webhooks" {
  count = var.has_gateway ? 1 : 0

  network_security_group_id = oci_core_network_security_group.gateway[0].id
  description               = "Webhooks, over TLS"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = "0.0.0.0/0"
  source_type               = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "gateway_to_functions" {
  count = var.has_gateway ? 1 : 0

  network_security_group_id = oci_core_network_security_group.gateway[0].id
  description               = "From the gateway to the Functions service"
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
