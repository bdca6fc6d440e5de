# What is refused, in four rounds of one wrong value for each variable. The sentences themselves are read by the Python tests.

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

run "first_wrong_values" {
  command = plan

  variables {
    region                    = "Stockholm"
    time_zone                 = "Mars/Base"
    alert_email               = "listener at example"
    spotify_client_id         = "my-app"
    dashboard_password_sha256 = ""
    token_seed                = ""
    token_seed_version        = 0
    break_glass_principal_arn = "*"
    name_prefix               = "My_Ledger"
    artifact_dir              = "./nowhere"
    python_runtime            = "python3.9"
    pandas_layer_arn          = "AWSSDKPandas"
    reserved_concurrency      = 0
    log_retention_days        = 31
    athena_scan_cutoff_bytes  = 1000
    monthly_budget_usd        = 0
    hot_ttl_days              = 6
    enrichment_daily_calls    = 501
    playlist_name             = ""
    playlist_unplayed_days    = 0
    playlist_size             = 1001
  }

  expect_failures = [
    var.region,
    var.time_zone,
    var.alert_email,
    var.spotify_client_id,
    var.dashboard_password_sha256,
    var.token_seed,
    var.token_seed_version,
    var.break_glass_principal_arn,
    var.name_prefix,
    var.artifact_dir,
    var.python_runtime,
    var.pandas_layer_arn,
    var.reserved_concurrency,
    var.log_retention_days,
    var.athena_scan_cutoff_bytes,
    var.monthly_budget_usd,
    var.hot_ttl_days,
    var.enrichment_daily_calls,
    var.playlist_name,
    var.playlist_unplayed_days,
    var.playlist_size,
  ]
}

run "second_wrong_values" {
  command = plan

  variables {
    time_zone                 = ""
    alert_email               = "a@example.org, b@example.org"
    dashboard_password_sha256 = "hunter2"
    break_glass_principal_arn = "arn:aws:iam::123456789012:role/*"
    name_prefix               = "pl"
    python_runtime            = "nodejs22.x"
    pandas_layer_arn          = "arn:aws:lambda:eu-north-1:336392948345:layer:AWSSDKPandas-Python313:11"
    hot_ttl_days              = 31
  }

  expect_failures = [
    var.time_zone,
    var.alert_email,
    var.dashboard_password_sha256,
    var.break_glass_principal_arn,
    var.name_prefix,
    var.python_runtime,
    var.pandas_layer_arn,
    var.hot_ttl_days,
  ]
}

run "third_wrong_values" {
  command = plan

  variables {
    dashboard_password_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    name_prefix               = "a-name-that-is-much-too-long"
    hot_ttl_days              = 7.5
  }

  expect_failures = [
    var.dashboard_password_sha256,
    var.name_prefix,
    var.hot_ttl_days,
  ]
}

run "fourth_wrong_values" {
  command = plan

  variables {
    dashboard_access = "friends"
    name_prefix      = "double--hyphen"
  }

  expect_failures = [
    var.dashboard_access,
    var.name_prefix,
  ]
}
