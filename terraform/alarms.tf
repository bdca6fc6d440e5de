# What CloudWatch watches. It bills each metric of each alarm, and ten are free:
#   errors 1, throttles 1, durations 4, polls 1, dead letters 1 = 8
# Gaps, a dying login and failed checks are published by the functions themselves and cost none.

locals {
  # Without dimensions a metric is the account's: right where nothing else runs Lambda, and a quarter of the metrics.
  watched = var.alarms_per_function ? {
    for function, name in local.function_names : function => { FunctionName = name }
  } : { account = {} }

  # Six hours: 25 runs, so that one failure is 4 % and no alarm, while a failed night with its two retries is 11 %.
  error_window = 21600

  tell = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.watched

  alarm_name          = "${var.name_prefix}-errors-${each.key}"
  alarm_description   = "More than 5 % of the runs of the last six hours failed. The logs of the functions say why."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = each.value
  statistic           = "Average" # every run sends 0 or 1, so this is errors by invocations, with one metric for two
  period              = local.error_window
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.05
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
  ok_actions          = local.tell
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.watched

  alarm_name          = "${var.name_prefix}-throttles-${each.key}"
  alarm_description   = "Lambda refused to run a function because too many ran already."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = each.value
  statistic           = "Sum"
  period              = 3600 # the pace of capture
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each = local.functions

  alarm_name          = "${var.name_prefix}-duration-${each.key}"
  alarm_description   = "A run of ${each.key} took more than 80 % of the ${each.value.timeout} s it may take."
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = local.function_names[each.key] }
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.8 * each.value.timeout * 1000 # in ms
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
}

# What does not run cannot say so: three hours without a single run of ingest, and missing data counts as none.
resource "aws_cloudwatch_metric_alarm" "silence" {
  alarm_name          = "${var.name_prefix}-silence"
  alarm_description   = "Nothing has polled Spotify for three hours. Plays beyond the last 50 are being lost."
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = local.function_names.ingest }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.tell
  ok_actions          = local.tell
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name_prefix}-dead-letters"
  alarm_description   = "A run failed for good: its event and the reason lie in the queue of dead letters for 14 days."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.names.dead_letters }
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.tell
}
