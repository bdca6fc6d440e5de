# What each function may do: one list per function, of exact actions on exact ARNs, as its calls need them.
# A `*` stands at the end of a prefix only: keys, log streams and query results have names that nobody knows before.
# A Sid that begins with `For` is used by the AWS service it names, on the function's behalf, and not by its own calls.

locals {
  data    = local.arns.data_bucket
  journal = "${local.data}/${local.journal_prefix}*"
  rows    = "${local.data}/${local.tables_prefix}*"
  # Digests of a table's objects, one file for each table.
  manifests = "${local.data}/${local.tables_prefix}_manifest/*"

  login = {
    # SSM's own key lets in whoever may use the parameter, so no grant for KMS is needed.
    read = { sid = "ReadLogin", actions = ["ssm:GetParameter"], resources = [local.arns.token] }
    # Spotify may hand out a new refresh token with any answer.
    write = { sid = "RenewLogin", actions = ["ssm:PutParameter"], resources = [local.arns.token] }
  }
  alert        = { sid = "Alert", actions = ["sns:Publish"], resources = [local.arns.alerts] }
  list_data    = { sid = "ListData", actions = ["s3:ListBucket"], resources = [local.data] }
  read_journal = { sid = "ReadJournal", actions = ["s3:GetObject"], resources = [local.journal] }
  add_journal  = { sid = "AddToJournal", actions = ["s3:PutObject"], resources = [local.journal] }
  read_policy  = { sid = "ReadPolicy", actions = ["s3:GetObject"], resources = ["${local.data}/policy.toml"] }
  read_tables  = { sid = "ReadTables", actions = ["s3:GetObject"], resources = [local.rows] }

  # Athena reads tables and catalog, and writes and reads results, with the rights of whoever asks.
  ask = [
    {
      sid       = "Ask"
      actions   = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"]
      resources = [local.arns.workgroup]
    },
    {
      sid       = "ForAthenaResults"
      actions   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
      resources = ["${local.data}/${local.results_prefix}*"]
    },
    {
      sid       = "ForAthenaBucket"
      actions   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
      resources = [local.data]
    },
    {
      sid     = "ForAthenaCatalog"
      actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"]
      resources = concat(
        ["${local.arns.glue}:catalog", "${local.arns.glue}:database/${local.names.glue_database}"],
        [for table, _ in local.catalog : "${local.arns.glue}:table/${local.names.glue_database}/${table}"],
      )
    },
  ]

  # awswrangler looks at the workgroup first, and takes the rows from the result's object.
  ask_by_wrangler = [
    { sid = "LookAtWorkgroup", actions = ["athena:GetWorkGroup"], resources = [local.arns.workgroup] },
    { sid = "ReadAnswers", actions = ["s3:GetObject"], resources = ["${local.data}/${local.results_prefix}*"] },
  ]

  grants = {
    ingest = [
      local.add_journal,
      { sid = "AddPlays", actions = ["dynamodb:PutItem"], resources = [local.arns.tables.plays] },
      {
        sid       = "CommitState"
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        resources = [local.arns.tables.state]
      },
      local.login.read, local.login.write, local.alert,
      { sid = "CallEnrich", actions = ["lambda:InvokeFunction"], resources = [local.arns.functions.enrich] },
    ]

    enrich = concat(local.ask, [
      local.list_data, local.read_journal, local.read_tables, local.read_policy,
      {
        sid       = "WriteMetadata"
        actions   = ["s3:PutObject"]
        resources = ["${local.data}/${local.tables_prefix}tracks/*", "${local.data}/${local.tables_prefix}artists/*", local.manifests]
      },
      {
        sid       = "KeepMetadata"
        actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
        resources = [local.arns.tables.tracks, local.arns.tables.artists]
      },
      {
        # The marks of learned days lie beside the state, one item a day; the budget is another one.
        sid       = "KeepMarks"
        actions   = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        resources = [local.arns.tables.state]
      },
      local.login.read, local.login.write, local.alert,
    ])

    aggregate = concat(local.ask, local.ask_by_wrangler, [
      local.list_data, local.read_journal, local.add_journal, local.read_tables, local.read_policy,
      { sid = "WriteTables", actions = ["s3:PutObject"], resources = [local.rows] },
      { sid = "ReconcilePlays", actions = ["dynamodb:Query", "dynamodb:PutItem"], resources = [local.arns.tables.plays] },
      { sid = "ReconcileState", actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.arns.tables.state] },
      { sid = "Publish", actions = ["s3:PutObject"], resources = ["${local.arns.site_bucket}/dashboard_data.json"] },
      { sid = "GoOn", actions = ["lambda:InvokeFunction"], resources = [local.arns.functions.aggregate] },
      local.login.read, local.alert,
    ])

    playlist = concat(local.ask, [
      local.list_data, local.read_tables, local.read_policy,
      {
        sid       = "WritePlaylists"
        actions   = ["s3:PutObject"]
        resources = ["${local.data}/${local.tables_prefix}playlists/*", local.manifests]
      },
      local.login.read, local.login.write, local.alert,
    ])
  }
}
