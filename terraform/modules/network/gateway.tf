# Where webhooks come in: the only part of this network that takes connections.
locals {
  gateways     = var.gateway == null ? 0 : 1
  is_public    = var.gateway == "PUBLIC"
  sender_cidrs = length(var.sender_cidrs) > 0 ? var.sender_cidrs : ["0.0.0.0/0"]
  private_back = var.gateway == "PRIVATE" && var.drg_id != null ? var.sender_cidrs : []
}

resource "oci_core_internet_gateway" "this" {
  count = local.is_public ? 1 : 0

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = var.name
  freeform_tags  = var.tags
}

resource "oci_core_route_table" "gateway" {
  count = local.gateways

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-gateway"
  freeform_tags  = var.tags

  dynamic "route_rules" {
    for_each = oci_core_internet_gateway.this

    content {
      destination       = "0.0.0.0/0"
      destination_type  = "CIDR_BLOCK"
      network_entity_id = route_rules.value.id
    }
  }

  # A private gateway reaches the Functions service like the functions reach theirs.
  dynamic "route_rules" {
    for_each = local.is_public ? [] : [oci_core_service_gateway.this.id]

    content {
      destination       = data.oci_core_services.all.services[0].cidr_block
      destination_type  = "SERVICE_CIDR_BLOCK"
      network_entity_id = route_rules.value
    }
  }

  dynamic "route_rules" {
    for_each = local.private_back

    content {
      destination       = route_rules.value
      destination_type  = "CIDR_BLOCK"
      network_entity_id = oci_core_drg_attachment.this[0].drg_id
    }
  }
}

resource "oci_core_subnet" "gateway" {
  count = local.gateways

  compartment_id             = var.compartment_id
  vcn_id                     = oci_core_vcn.this.id
  display_name               = "${var.name}-gateway"
  dns_label                  = "gateway"
  cidr_block                 = cidrsubnet(var.cidr, 1, 1)
  prohibit_public_ip_on_vnic = !local.is_public
  prohibit_internet_ingress  = !local.is_public
  route_table_id             = oci_core_route_table.gateway[0].id
  security_list_ids          = [oci_core_security_list.empty.id]
  freeform_tags              = var.tags
}

resource "oci_core_network_security_group" "gateway" {
  count = local.gateways

  compartment_id = var.compartment_id
  vcn_id         = oci_core_vcn.this.id
  display_name   = "${var.name}-gateway"
  freeform_tags  = var.tags
}

resource "oci_core_network_security_group_security_rule" "webhooks" {
  for_each = local.gateways == 0 ? [] : toset(local.sender_cidrs)

  network_security_group_id = oci_core_network_security_group.gateway[0].id
  description               = "Webhooks, over TLS"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = each.value
  source_type               = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "gateway_to_functions" {
  count = local.gateways

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
