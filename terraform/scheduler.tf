# When each function runs: capture by the hour and the quarter, the night and the week by the listener's clock.

locals {
  schedules = {
    # In UTC: by a zone's clock the hour that autumn repeats would be polled once, and two hours are too long. Minute 10,
    # because on the full hour everybody's schedules run.
    ingest-hourly = {
      function = "ingest", cron = "cron(10 * * * ? *)", zone = "UTC", input = { tick = "hour" }, max_age = 3000
    }
    # Polls only when the window could fill before the next hour; otherwise it ends after one read.
    ingest-quarter = {
      function = "ingest", cron = "cron(25,40,55 * * * ? *)", zone = "UTC", input = { tick = "quarter" }, max_age = 600
    }
    # After four: zones that change their clocks skip an hour before that, and what is scheduled within it does not run.
    enrich-nightly = {
      function = "enrich", cron = "cron(20 4 * * ? *)", zone = var.time_zone, input = {}, max_age = 3600
    }
    aggregate-nightly = {
      function = "aggregate", cron = "cron(40 4 * * ? *)", zone = var.time_zone, input = {}, max_age = 14400
    }
    playlist-weekly = {
      function = "playlist", cron = "cron(10 5 ? * MON *)", zone = var.time_zone, input = {}, max_age = 14400
    }
  }

  # Scheduler puts the time in where it finds these characters; jsonencode would write their brackets as \u003c, \u003e.
  scheduled_time = "<aws.scheduler.scheduled-time>"
  schedule_inputs = {
    for name, schedule in local.schedules : name => replace(
      jsonencode(merge({ time = "@" }, schedule.input)), "\"@\"", "\"${local.scheduled_time}\""
    )
  }
}

resource "aws_scheduler_schedule_group" "this" {
  name = local.names.schedules
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:The input holds a time and a word; a key of one's own costs a dollar a month.
  for_each = local.schedules

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this.name
  schedule_expression          = each.value.cron
  schedule_expression_timezone = each.value.zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local.arns.functions[each.value.function]
    role_arn = aws_iam_role.schedule[each.key].arn
    input    = local.schedule_inputs[each.key]

    retry_policy {
      maximum_event_age_in_seconds = each.value.max_age # then the next run is near, or the day has begun
      maximum_retry_attempts       = 5                  # Scheduler waits longer each time; the age ends it sooner
    }

    dead_letter_config {
      arn = local.arns.dead_letters
    }
  }

  depends_on = [aws_lambda_function.this, aws_sqs_queue.dead_letters, aws_iam_role_policy.schedule]
}
