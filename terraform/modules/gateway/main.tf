resource "oci_apigateway_gateway" "this" {
  compartment_id             = var.compartment_id
  display_name               = var.name
  endpoint_type              = var.endpoint_type
  subnet_id                  = var.subnet_id
  network_security_group_ids = var.nsg_ids
  freeform_tags              = var.tags
}

# Webhooks and nothing else. Who sends proves it by a signature over the body, which the function checks: the gateway
# cannot, so it lets anybody through and slows down who asks too often.
resource "oci_apigateway_deployment" "webhooks" {
  compartment_id = var.compartment_id
  gateway_id     = oci_apigateway_gateway.this.id
  display_name   = "${var.name}-webhooks"
  path_prefix    = "/webhooks"
  freeform_tags  = var.tags

  specification {
    request_policies {
      rate_limiting {
        rate_in_requests_per_second = var.requests_per_second
        rate_key                    = "CLIENT_IP"
      }
    }

    logging_policies {
      execution_log {
        is_enabled = true
        log_level  = "WARN"
      }
    }

    routes {
      path    = "/{group}/{webhook}"
      methods = ["POST"]

      backend {
        type        = "ORACLE_FUNCTIONS_BACKEND"
        function_id = var.function_id
      }
    }
  }
}
