# One role for each function and each schedule, who may take it on, and its one policy from the grants.

locals {
  # What Lambda itself does with a function's role. Stream names are Lambda's own, hence the last `*`.
  running = {
    for function, name in local.function_names : function => [
      {
        sid       = "ForLambdaLogs"
        actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${name}:*"]
      },
      { sid = "ForLambdaFailures", actions = ["sqs:SendMessage"], resources = [local.arns.dead_letters] },
    ]
  }

  function_policies = {
    for function, grants in local.grants : function => jsonencode({
      Version = "2012-10-17"
      Statement = [
        for grant in concat(grants, local.running[function]) :
        { Sid = grant.sid, Effect = "Allow", Action = grant.actions, Resource = grant.resources }
      ]
    })
  }

  schedule_policies = {
    for name, schedule in local.schedules : name => jsonencode({
      Version = "2012-10-17"
      Statement = [
        { Sid = "Invoke", Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [local.arns.functions[schedule.function]] },
        { Sid = "KeepFailures", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [local.arns.dead_letters] },
      ]
    })
  }
}

resource "aws_iam_role" "function" {
  for_each = local.function_names

  name        = each.value
  description = "What the function ${each.key} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.function_policies

  name   = "grants"
  role   = aws_iam_role.function[each.key].name
  policy = each.value
}

resource "aws_iam_role" "schedule" {
  for_each = local.schedules

  name        = "${var.name_prefix}-schedule-${each.key}"
  description = "Lets the schedule ${each.key} invoke ${each.value.function}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      # Scheduler gives the group, not the schedule; without this, schedules of others could use the role.
      Condition = { StringEquals = { "aws:SourceArn" = local.arns.schedules, "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  for_each = local.schedule_policies

  name   = "grants"
  role   = aws_iam_role.schedule[each.key].name
  policy = each.value
}
