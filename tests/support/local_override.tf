# What moto cannot hold; Terraform merges it over the root's copy, so that the root itself knows nothing of emulators.

provider "aws" {
  max_retries = 1 # an operation that moto lacks would be tried for nine minutes
}

# Answers 500 when it is read back.
resource "aws_budgets_budget" "monthly" {
  count = 0
}

# moto drops a filter by size; the provider then waits three minutes for what it wrote, and fails.
resource "aws_s3_bucket_lifecycle_configuration" "data" {
  count = 0
}

resource "aws_s3_bucket_lifecycle_configuration" "site" {
  count = 0
}

# moto ignores conditions of a Deny: with these policies each call for an object is refused.
resource "aws_s3_bucket_policy" "this" {
  for_each = {}
}

# Taken, but not given back: a difference for ever.
resource "aws_lambda_function" "this" {
  dynamic "logging_config" {
    for_each = []
    content {
      log_format = "JSON"
    }
  }
}
