# What runs, when, with which environment, and what watches over it; applied to a mock provider.

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

run "by_default" {
  # Functions
  assert {
    condition = {
      for name, function in aws_lambda_function.this : name => sort(keys(function.environment[0].variables))
    } == { for name, wanted in local.env_contract : name => sort(concat(wanted, keys(local.memory_env))) }
    error_message = "The functions' variables are not those of env_contract.json and memory_env.json."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : alltrue([for value in values(function.environment[0].variables) : value != ""])])
    error_message = "A function is told nothing where it is told something."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.architectures == tolist(["arm64"]) && function.runtime == "python3.13"])
    error_message = "Not arm64 on the one runtime."
  }
  assert {
    condition = {
      for name, function in aws_lambda_function.this : name => [function.memory_size, function.timeout, length(function.layers)]
    } == { ingest = [128, 30, 1], enrich = [256, 120, 1], aggregate = [512, 300, 2], playlist = [256, 60, 1] }
    error_message = "Memory, timeout or layers are not as designed: the pandas layer is the night's alone."
  }
  assert {
    condition     = aws_lambda_function.this["aggregate"].layers[0] == "arn:aws:lambda:eu-north-1:336392948345:layer:AWSSDKPandas-Python313-Arm64:11"
    error_message = "The night's first layer is not the pinned one, for ours to be unpacked over."
  }
  assert {
    condition = { for name, function in aws_lambda_function.this : name => function.handler } == {
      ingest    = "ingestion.handler.lambda_handler"
      enrich    = "enrichment.handler.lambda_handler"
      aggregate = "aggregation.handler.lambda_handler"
      playlist  = "playlist.handler.lambda_handler"
    }
    error_message = "A handler is not its room's."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.reserved_concurrent_executions == -1])
    error_message = "Concurrency is reserved, which new accounts refuse."
  }
  assert {
    condition = alltrue([
      for name, config in aws_lambda_function_event_invoke_config.this :
      config.destination_config[0].on_failure[0].destination == local.arns.dead_letters && config.function_name == local.function_names[name]
    ])
    error_message = "What fails does not go to the queue of dead letters."
  }
  assert {
    condition = alltrue([
      for name, group in aws_cloudwatch_log_group.function :
      group.name == "/aws/lambda/playledger-${name}" && group.retention_in_days == 30
    ])
    error_message = "Logs lie elsewhere, or are kept for ever."
  }

  # Schedules
  assert {
    condition = { for name, schedule in aws_scheduler_schedule.this : name => [schedule.schedule_expression, schedule.schedule_expression_timezone] } == {
      ingest-hourly     = ["cron(10 * * * ? *)", "UTC"]
      ingest-quarter    = ["cron(25,40,55 * * * ? *)", "UTC"]
      enrich-nightly    = ["cron(20 4 * * ? *)", "Europe/Stockholm"]
      aggregate-nightly = ["cron(40 4 * * ? *)", "Europe/Stockholm"]
      playlist-weekly   = ["cron(10 5 ? * MON *)", "Europe/Stockholm"]
    }
    error_message = "Not when it should run."
  }
  assert {
    condition = { for name, schedule in aws_scheduler_schedule.this : name => schedule.target[0].input } == {
      ingest-hourly     = "{\"tick\":\"hour\",\"time\":\"<aws.scheduler.scheduled-time>\"}"
      ingest-quarter    = "{\"tick\":\"quarter\",\"time\":\"<aws.scheduler.scheduled-time>\"}"
      enrich-nightly    = "{\"time\":\"<aws.scheduler.scheduled-time>\"}"
      aggregate-nightly = "{\"time\":\"<aws.scheduler.scheduled-time>\"}"
      playlist-weekly   = "{\"time\":\"<aws.scheduler.scheduled-time>\"}"
    }
    error_message = "An input is not the text in which Scheduler puts the time."
  }
  assert {
    condition = alltrue([
      for name, schedule in aws_scheduler_schedule.this :
      schedule.target[0].arn == local.arns.functions[split("-", name)[0]] &&
      schedule.target[0].dead_letter_config[0].arn == local.arns.dead_letters &&
      schedule.target[0].retry_policy[0].maximum_retry_attempts == 5 &&
      schedule.flexible_time_window[0].mode == "OFF" && schedule.group_name == "playledger"
    ])
    error_message = "A schedule has another target, no queue for what fails, or no retries."
  }
  assert {
    condition     = length(aws_iam_role.schedule) == 5
    error_message = "Schedules share a role."
  }

  # Alarms
  assert {
    condition = 8 == sum([
      for alarm in concat(
        values(aws_cloudwatch_metric_alarm.errors), values(aws_cloudwatch_metric_alarm.throttles), values(aws_cloudwatch_metric_alarm.duration),
        [aws_cloudwatch_metric_alarm.silence, aws_cloudwatch_metric_alarm.dead_letters],
      ) : length(alarm.metric_query) == 0 ? 1 : length([for query in alarm.metric_query : query if length(query.metric) > 0])
    ])
    error_message = "The comment in alarms.tf counts 8 alarm metrics; 10 are free."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.errors["account"].threshold == 0.05 && aws_cloudwatch_metric_alarm.errors["account"].statistic == "Average"
    error_message = "Not 5 % of errors."
  }
  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.duration : name => alarm.threshold } == { ingest = 24000, enrich = 96000, aggregate = 240000, playlist = 48000 }
    error_message = "Not 80 % of the timeouts."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.silence.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.silence.evaluation_periods * aws_cloudwatch_metric_alarm.silence.period == 10800
    error_message = "Three hours without a run are not an alarm."
  }
  assert {
    condition     = aws_sns_topic_subscription.mail.protocol == "email" && aws_sns_topic_subscription.mail.endpoint == "listener@example.org"
    error_message = "Alarms do not reach the listener."
  }

  # Budget
  assert {
    condition     = tonumber(aws_budgets_budget.monthly.limit_amount) == 10 && aws_budgets_budget.monthly.limit_unit == "USD" && aws_budgets_budget.monthly.time_unit == "MONTHLY"
    error_message = "Not ten dollars a month."
  }
  assert {
    condition = { for notice in aws_budgets_budget.monthly.notification : notice.notification_type => [notice.threshold, tolist(notice.subscriber_email_addresses)[0]] } == {
      ACTUAL = [80, "listener@example.org"], FORECASTED = [100, "listener@example.org"]
    }
    error_message = "The budget does not write in time, or not to the listener."
  }

  # Nothing that costs while nobody plays
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.billing_mode == "PAY_PER_REQUEST" && length(table.replica) == 0])
    error_message = "A table costs while nobody plays."
  }
  assert {
    condition     = aws_ssm_parameter.token.tier == "Standard"
    error_message = "The login costs by the month."
  }
}

run "alarms_in_a_shared_account" {
  variables {
    alarms_per_function = true
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.throttles : name => alarm.dimensions.FunctionName } == local.function_names
    error_message = "Not one alarm per function."
  }
}
