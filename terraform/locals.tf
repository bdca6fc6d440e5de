# Names, ARNs, functions and what the functions are told; everything else is `for_each` over these.

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  here      = "${var.region}:${local.account}"

  # Names and ARNs are spelled out, not taken from the resources: one function calls another, aggregate calls itself, and
  # permissions name them all. References among them would run in a circle; as text they are also known when planning.
  names = {
    data_bucket   = "${var.name_prefix}-data-${local.account}-${var.region}"
    site_bucket   = "${var.name_prefix}-site-${local.account}-${var.region}"
    token         = "/${var.name_prefix}/spotify-login"
    alerts        = "${var.name_prefix}-alerts"
    dead_letters  = "${var.name_prefix}-dead-letters"
    glue_database = replace(var.name_prefix, "-", "_")
    workgroup     = var.name_prefix
    schedules     = var.name_prefix
  }

  tables = {
    plays   = { hash = "pk", range = "sk", ttl = "expires_at" }
    tracks  = { hash = "track_uri", range = null, ttl = null }
    artists = { hash = "artist_id", range = null, ttl = null }
    state   = { hash = "id", range = null, ttl = null }
  }
  table_names = { for table, _ in local.tables : table => "${var.name_prefix}-${table}" }

  functions = {
    # 128 MB hold spotipy, botocore and pydantic with the runtime (about 100). 30 s hold five waits of 5 s for Spotify.
    ingest = { handler = "ingestion.handler.lambda_handler", memory = 128, timeout = 30, pandas = false }
    # 256 MB for a day's journal and the answers of a question; processor time grows with memory, so it costs no more.
    # 120 s: a night's calls of a quarter second each, one after another, and half of that again.
    enrich = { handler = "enrichment.handler.lambda_handler", memory = 256, timeout = 120, pandas = false }
    # It takes about 200 MB with awswrangler and the runtime (make bench-memory), and twice that in the night after ten years' 30,000 plays a month
    # when a month closes: then all closed months are put together. 300 s: up to 40 questions one after another, of which Athena takes one to
    # five seconds each; waiting costs less than half a cent a month, and a night cut short would ask them all again.
    aggregate = { handler = "aggregation.handler.lambda_handler", memory = 512, timeout = 300, pandas = true }
    # Ten thousand liked songs are 200 pages of Spotify's.
    playlist = { handler = "playlist.handler.lambda_handler", memory = 256, timeout = 60, pandas = false }
  }
  function_names = { for function, _ in local.functions : function => "${var.name_prefix}-${function}" }

  arns = {
    data_bucket  = "arn:${local.partition}:s3:::${local.names.data_bucket}"
    site_bucket  = "arn:${local.partition}:s3:::${local.names.site_bucket}"
    token        = "arn:${local.partition}:ssm:${local.here}:parameter${local.names.token}"
    alerts       = "arn:${local.partition}:sns:${local.here}:${local.names.alerts}"
    dead_letters = "arn:${local.partition}:sqs:${local.here}:${local.names.dead_letters}"
    workgroup    = "arn:${local.partition}:athena:${local.here}:workgroup/${local.names.workgroup}"
    schedules    = "arn:${local.partition}:scheduler:${local.here}:schedule-group/${local.names.schedules}"
    glue         = "arn:${local.partition}:glue:${local.here}"
    tables       = { for table, name in local.table_names : table => "arn:${local.partition}:dynamodb:${local.here}:table/${name}" }
    functions    = { for function, name in local.function_names : function => "arn:${local.partition}:lambda:${local.here}:function:${name}" }
  }

  # Prefixes of the data bucket. The adapters write the first two, Athena the third.
  journal_prefix = "journal/"
  tables_prefix  = "tables/"
  results_prefix = "athena-results/"

  # Every setting that is decided here, as the variable that carries it; env_contract.json says who gets which.
  settings = {
    PLAYLEDGER_TIME_ZONE              = var.time_zone
    PLAYLEDGER_SPOTIFY_CLIENT_ID      = var.spotify_client_id
    PLAYLEDGER_HOT_TTL_DAYS           = tostring(var.hot_ttl_days)
    PLAYLEDGER_ENRICHMENT_DAILY_CALLS = tostring(var.enrichment_daily_calls)
    PLAYLEDGER_PLAYLIST_NAME          = var.playlist_name
    PLAYLEDGER_PLAYLIST_UNPLAYED_DAYS = tostring(var.playlist_unplayed_days)
    PLAYLEDGER_PLAYLIST_SIZE          = tostring(var.playlist_size)
    PLAYLEDGER_DATA_BUCKET            = local.names.data_bucket
    PLAYLEDGER_SITE_BUCKET            = local.names.site_bucket
    PLAYLEDGER_PLAYS_TABLE            = local.table_names.plays
    PLAYLEDGER_TRACKS_TABLE           = local.table_names.tracks
    PLAYLEDGER_ARTISTS_TABLE          = local.table_names.artists
    PLAYLEDGER_STATE_TABLE            = local.table_names.state
    PLAYLEDGER_TOKEN_PARAMETER        = local.names.token
    PLAYLEDGER_GLUE_DATABASE          = local.names.glue_database
    PLAYLEDGER_ATHENA_WORKGROUP       = local.names.workgroup
    PLAYLEDGER_ALERTS_TOPIC           = local.arns.alerts
    PLAYLEDGER_ENRICH_FUNCTION        = local.function_names.enrich
  }
  env_contract = jsondecode(file("${path.module}/env_contract.json"))

  # What keeps the functions small, 9 MB of the night's: glibc gives back what is free and raises no threshold by itself,
  # and Arrow takes memory from glibc instead of hoarding its own. bench/memory.py measures with the same file.
  memory_env = jsondecode(file("${path.module}/memory_env.json"))
}
