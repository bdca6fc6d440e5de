# The dashboard on the web: CloudFront over the private bucket, with the headers of dashboard/headers.json.

locals {
  headers = jsondecode(file("${path.module}/../dashboard/headers.json"))

  # These four have fields of their own; CloudFront refuses them among the others.
  csp     = "Content-Security-Policy"
  own     = [local.csp, "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"]
  custom  = { for name, value in local.headers.every : name => value if !contains(local.own, name) }
  private = var.dashboard_access == "password"

  # Path pattern -> Cache-Control, in the file's order; the pattern for everything is CloudFront's default behaviour.
  caching  = { for rule in local.headers.cache_control : rule.pattern => rule.value }
  patterns = [for rule in local.headers.cache_control : rule.pattern if rule.pattern != "*"]
  slugs    = { for pattern, _ in local.caching : pattern => pattern == "*" ? "page" : trim(replace(pattern, "/[^a-z0-9]+/", "-"), "-") }

  # CachingOptimized, AWS's own: keeps what the bucket's Cache-Control allows, compressed, whatever query or cookie.
  cache_policy = "658327ea-f89d-4fab-a63d-7e88639e58f6"
}

resource "aws_cloudfront_origin_access_control" "site" {
  count = var.enable_cdn ? 1 : 0

  name                              = local.names.site_bucket
  description                       = "Only this distribution reads the bucket."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_function" "viewer" {
  count = var.enable_cdn && local.private ? 1 : 0

  name    = "${var.name_prefix}-viewer"
  comment = "Asks for the dashboard's password."
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = templatefile("${path.module}/viewer.js.tftpl", { password_sha256 = var.dashboard_password_sha256 })
}

resource "aws_cloudfront_response_headers_policy" "site" {
  #checkov:skip=CKV_AWS_259:Preloading is for a domain of one's own; the header itself is below.
  for_each = var.enable_cdn ? local.caching : {}

  name    = "${var.name_prefix}-${local.slugs[each.key]}"
  comment = "dashboard/headers.json for ${each.key}"

  security_headers_config {
    content_security_policy {
      content_security_policy = local.headers.every[local.csp]
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = local.headers.every["X-Frame-Options"]
      override     = true
    }

    referrer_policy {
      referrer_policy = local.headers.every["Referrer-Policy"]
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = 31536000 # a year, what browsers ask of those who mean it
      override                   = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = merge(local.custom, { "Cache-Control" = each.value })

      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }
}
