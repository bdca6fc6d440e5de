# The tables as Athena sees them, from the same file that the laptop's views come from; partitions are projected.

locals {
  catalog = jsondecode(file("${path.module}/../glue_catalog/tables.json"))
}

resource "aws_glue_catalog_database" "ledger" {
  name        = local.names.glue_database
  description = "The ledger: journal, plays, summaries."
}

resource "aws_glue_catalog_table" "this" {
  for_each = local.catalog

  name          = each.key
  database_name = aws_glue_catalog_database.ledger.name
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  parameters = merge(
    each.value.parameters,
    each.value.location_template == "" ? {} : {
      "storage.location.template" = "s3://${local.names.data_bucket}/${each.value.location_template}"
    },
  )

  dynamic "partition_keys" {
    for_each = each.value.partition_keys

    content {
      name    = partition_keys.value.name
      type    = partition_keys.value.type
      comment = partition_keys.value.comment
    }
  }

  storage_descriptor {
    location      = "s3://${local.names.data_bucket}/${each.value.location}"
    input_format  = each.value.input_format
    output_format = each.value.output_format

    ser_de_info {
      serialization_library = each.value.serde
      parameters            = each.value.serde_parameters
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }
}
