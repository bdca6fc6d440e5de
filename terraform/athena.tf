# Where questions are asked: one workgroup that fixes engine, results and a limit on what a query may read.

locals {
  cookbook = { for file in fileset("${path.module}/../sql/cookbook", "*.sql") : trimsuffix(file, ".sql") => file("${path.module}/../sql/cookbook/${file}") }
}

resource "aws_athena_workgroup" "this" {
  name          = local.names.workgroup
  description   = "Questions to the ledger."
  force_destroy = true # what it holds are past queries; the data are elsewhere

  configuration {
    # Clients cannot choose another place or another limit.
    enforce_workgroup_configuration    = true
    bytes_scanned_cutoff_per_query     = var.athena_scan_cutoff_bytes
    publish_cloudwatch_metrics_enabled = true

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${local.names.data_bucket}/${local.results_prefix}"
      expected_bucket_owner = local.account

      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}

resource "aws_athena_named_query" "cookbook" {
  for_each = local.cookbook

  name        = each.key
  description = try(regex("(?m)^-- answers: *(.+)$", each.value)[0], "From the cookbook.")
  database    = aws_glue_catalog_database.ledger.name
  workgroup   = aws_athena_workgroup.this.name
  query       = each.value
}
