# The distribution: behaviours that differ in their headers only, and the password before all of them.

resource "aws_cloudfront_distribution" "site" {
  #checkov:skip=CKV_AWS_68:A web firewall costs five dollars a month; there is one static page behind a password.
  #checkov:skip=CKV_AWS_86:Access logs would tell who looked when; nobody needs to know.
  #checkov:skip=CKV_AWS_174:The minimum TLS version can only be chosen with a domain of one's own.
  #checkov:skip=CKV_AWS_310:One bucket is enough: there is nothing to fail over to.
  #checkov:skip=CKV_AWS_374:The listener may travel.
  #checkov:skip=CKV2_AWS_42:CloudFront's own certificate; another needs a domain of one's own.
  #checkov:skip=CKV2_AWS_47:A web firewall costs five dollars a month; nothing here logs with log4j.
  count = var.enable_cdn ? 1 : 0

  enabled             = true
  comment             = "${var.name_prefix} dashboard"
  default_root_object = "index.html"
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_100" # the edges of Europe and North America; others are served from there
  wait_for_deployment = false            # it takes minutes, and nothing here waits for it

  origin {
    origin_id                = "site"
    domain_name              = aws_s3_bucket.this["site"].bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site[0].id
  }

  default_cache_behavior {
    target_origin_id           = "site"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.cache_policy
    response_headers_policy_id = aws_cloudfront_response_headers_policy.site["*"].id

    dynamic "function_association" {
      for_each = aws_cloudfront_function.viewer

      content {
        event_type   = "viewer-request"
        function_arn = function_association.value.arn
      }
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.patterns

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "site"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = local.cache_policy
      response_headers_policy_id = aws_cloudfront_response_headers_policy.site[ordered_cache_behavior.value].id

      dynamic "function_association" {
        for_each = aws_cloudfront_function.viewer

        content {
          event_type   = "viewer-request"
          function_arn = function_association.value.arn
        }
      }
    }
  }

  # Without a right to list, the bucket says 403 of what is not there: on the first day that is the document.
  custom_error_response {
    error_code            = 403
    error_caching_min_ttl = 0
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
