# Athena's side: the tables are those of tables.json, and what a question may cost and where its answer goes is fixed.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name_prefix               = "my-ledger"
  region                    = "eu-north-1"
  time_zone                 = "Europe/Stockholm"
  alert_email               = "listener@example.org"
  spotify_client_id         = "0123456789abcdef0123456789abcdef"
  dashboard_password_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  token_seed                = "not logged in"
  artifact_dir              = "./tests/artifacts"
}

run "by_default" {
  command = plan

  # Tables
  assert {
    condition = jsonencode({
      for name, table in aws_glue_catalog_table.this : name => {
        description      = table.description
        columns          = [for column in table.storage_descriptor[0].columns : { name = column.name, type = column.type, comment = column.comment }]
        partition_keys   = [for column in table.partition_keys : { name = column.name, type = column.type, comment = column.comment }]
        input_format     = table.storage_descriptor[0].input_format
        output_format    = table.storage_descriptor[0].output_format
        serde            = table.storage_descriptor[0].ser_de_info[0].serialization_library
        serde_parameters = table.storage_descriptor[0].ser_de_info[0].parameters
      }
      }) == jsonencode({
      for name, wanted in jsondecode(file("../glue_catalog/tables.json")) : name => {
        for key, value in wanted : key => value if !contains(["location", "location_template", "parameters"], key)
      }
    })
    error_message = "The catalog is not what tables.json says."
  }
  assert {
    condition = alltrue([
      for name, wanted in jsondecode(file("../glue_catalog/tables.json")) :
      aws_glue_catalog_table.this[name].storage_descriptor[0].location == "s3://my-ledger-data-123456789012-eu-north-1/${wanted.location}"
    ])
    error_message = "A table lies elsewhere."
  }
  assert {
    condition = jsonencode({ for name, table in aws_glue_catalog_table.this : name => table.parameters }) == jsonencode({
      for name, wanted in jsondecode(file("../glue_catalog/tables.json")) : name => merge(
        wanted.parameters,
        wanted.location_template == "" ? {} : {
          "storage.location.template" = "s3://my-ledger-data-123456789012-eu-north-1/${wanted.location_template}"
        },
      )
    })
    error_message = "Partitions are projected otherwise."
  }
  assert {
    condition     = aws_glue_catalog_table.this["plays"].parameters["storage.location.template"] == "s3://my-ledger-data-123456789012-eu-north-1/tables/plays/dt=$${dt}/"
    error_message = "The template has lost its placeholder."
  }
  assert {
    condition     = aws_glue_catalog_database.ledger.name == "my_ledger"
    error_message = "Glue and SQL take no hyphen in the database's name."
  }

  # Workgroup
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].enforce_workgroup_configuration
    error_message = "Clients may override the workgroup."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].engine_version[0].selected_engine_version == "Athena engine version 3"
    error_message = "Not engine 3."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].bytes_scanned_cutoff_per_query == 500000000
    error_message = "A query may read more than 500 MB."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].output_location == "s3://my-ledger-data-123456789012-eu-north-1/athena-results/"
    error_message = "Results go elsewhere than to the prefix that expires."
  }
  assert {
    condition     = { for name, query in aws_athena_named_query.cookbook : "${name}.sql" => query.query } == { for file in fileset("../sql/cookbook", "*.sql") : file => file("../sql/cookbook/${file}") }
    error_message = "The cookbook and the named queries differ."
  }
}
