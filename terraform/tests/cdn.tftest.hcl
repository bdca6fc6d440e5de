# The dashboard on the web: headers as in the one file, private by default, and the bucket open to the distribution alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region                    = "eu-north-1"
  time_zone                 = "Europe/Stockholm"
  alert_email               = "listener@example.org"
  spotify_client_id         = "0123456789abcdef0123456789abcdef"
  dashboard_password_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  token_seed                = "not logged in"
  artifact_dir              = "./tests/artifacts"
}

run "private_by_default" {
  # Who gets in, and how
  assert {
    condition = alltrue([
      for behaviour in concat(aws_cloudfront_distribution.site[0].default_cache_behavior, aws_cloudfront_distribution.site[0].ordered_cache_behavior) :
      [for association in behaviour.function_association : [association.event_type, association.function_arn]] == [["viewer-request", aws_cloudfront_function.viewer[0].arn]]
    ])
    error_message = "Some path is served without the password."
  }
  assert {
    condition     = strcontains(aws_cloudfront_function.viewer[0].code, var.dashboard_password_sha256) && aws_cloudfront_function.viewer[0].publish
    error_message = "The function does not compare with the hash."
  }
  assert {
    condition     = length(aws_cloudfront_function.viewer[0].code) < 10240
    error_message = "The function is longer than CloudFront takes."
  }
  assert {
    condition = alltrue([
      for behaviour in concat(aws_cloudfront_distribution.site[0].default_cache_behavior, aws_cloudfront_distribution.site[0].ordered_cache_behavior) :
      behaviour.viewer_protocol_policy == "redirect-to-https" && behaviour.allowed_methods == toset(["GET", "HEAD"])
    ])
    error_message = "Plain HTTP is served, or more than reading."
  }
  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.this["site"].policy).Statement, {
      Sid       = "CloudFrontReads", Effect = "Allow", Action = "s3:GetObject"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Resource  = "arn:aws:s3:::playledger-site-123456789012-eu-north-1/*"
      Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/MOCK" } }
    })
    error_message = "The bucket is not open to just this distribution."
  }
  assert {
    condition     = one(aws_cloudfront_distribution.site[0].origin).origin_access_control_id == aws_cloudfront_origin_access_control.site[0].id
    error_message = "The origin is read without signing."
  }
  assert {
    condition     = output.dashboard_url == "https://mock.cloudfront.net/"
    error_message = "Nobody is told where the dashboard is."
  }

  # The page
  assert {
    condition = alltrue([
      for file in ["index.html", "style.css", "icon.svg", "js/main.js", "vendor/chart.umd.js"] :
      aws_s3_object.page[file].key == file && aws_s3_object.page[file].etag == filemd5("../dashboard/${file}")
    ])
    error_message = "The page is not in its bucket."
  }
  assert {
    condition     = alltrue([for file, _ in aws_s3_object.page : can(regex("\\.(html|css|js|svg)$", file))])
    error_message = "Something is published that is not the page, such as a document of invented plays."
  }
  assert {
    condition     = alltrue([for object in aws_s3_object.page : object.cache_control == "no-cache"])
    error_message = "A file could be shown that no longer fits the others."
  }

  # Headers
  assert {
    condition = alltrue([
      for rule in jsondecode(file("../dashboard/headers.json")).cache_control :
      merge(
        { for item in one(aws_cloudfront_response_headers_policy.site[rule.pattern].custom_headers_config).items : item.header => item.value },
        {
          for security in aws_cloudfront_response_headers_policy.site[rule.pattern].security_headers_config : "Content-Security-Policy" => one(security.content_security_policy).content_security_policy
        },
        { for security in aws_cloudfront_response_headers_policy.site[rule.pattern].security_headers_config : "X-Frame-Options" => one(security.frame_options).frame_option },
        { for security in aws_cloudfront_response_headers_policy.site[rule.pattern].security_headers_config : "Referrer-Policy" => one(security.referrer_policy).referrer_policy },
        { for security in aws_cloudfront_response_headers_policy.site[rule.pattern].security_headers_config : "X-Content-Type-Options" => one(security.content_type_options).override ? "nosniff" : "" },
      ) == merge(jsondecode(file("../dashboard/headers.json")).every, { "Cache-Control" = rule.value })
    ])
    error_message = "The headers are not those of dashboard/headers.json."
  }
  assert {
    condition = alltrue(flatten([
      for policy in aws_cloudfront_response_headers_policy.site : [for item in one(policy.custom_headers_config).items : item.override]
    ]))
    error_message = "An object's own headers could replace the policy's."
  }
  assert {
    # CloudFront takes ten custom headers in a policy.
    condition     = alltrue([for policy in aws_cloudfront_response_headers_policy.site : length(one(policy.custom_headers_config).items) <= 10])
    error_message = "More custom headers than CloudFront takes."
  }
  assert {
    condition = [
      for behaviour in aws_cloudfront_distribution.site[0].ordered_cache_behavior : [behaviour.path_pattern, behaviour.response_headers_policy_id]
      ] == [
      for rule in jsondecode(file("../dashboard/headers.json")).cache_control :
      [rule.pattern, aws_cloudfront_response_headers_policy.site[rule.pattern].id] if rule.pattern != "*"
    ]
    error_message = "Paths with their own caching are not those of the file, in its order."
  }
}

run "public_by_choice" {
  variables {
    dashboard_access          = "public"
    dashboard_password_sha256 = ""
  }

  assert {
    condition     = length(aws_cloudfront_function.viewer) == 0 && length(one(aws_cloudfront_distribution.site[0].default_cache_behavior).function_association) == 0
    error_message = "A public dashboard still asks for a password."
  }
}

run "without_cdn" {
  variables {
    enable_cdn                = false
    dashboard_password_sha256 = ""
  }

  assert {
    condition     = length(aws_cloudfront_distribution.site) == 0 && output.dashboard_url == null
    error_message = "There is a distribution all the same."
  }
  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.this["site"].policy).Statement : statement.Effect] == ["Deny"]
    error_message = "The bucket lets somebody in, and nobody is there."
  }
}
