# The four functions: one code zip, one layer for all, AWS's pandas layer for the night alone.

locals {
  # Version 11 is awswrangler 3.16.1 for Python 3.13; AWS numbers each region by itself, so another one may be right.
  pandas_layer = coalesce(
    var.pandas_layer_arn,
    "arn:${local.partition}:lambda:${var.region}:336392948345:layer:AWSSDKPandas-${title(replace(var.python_runtime, ".", ""))}-Arm64:11",
  )
}

resource "aws_lambda_layer_version" "packages" {
  layer_name               = "${var.name_prefix}-packages"
  description              = "Third-party packages of the functions."
  filename                 = "${var.artifact_dir}/layer.zip"
  source_code_hash         = filebase64sha256("${var.artifact_dir}/layer.zip")
  compatible_runtimes      = [var.python_runtime]
  compatible_architectures = ["arm64"]
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:X-Ray can only be granted on every resource; the logs tell each stage's seconds.
  #checkov:skip=CKV_AWS_115:An account with the limit of 10 refuses reservations; conditional writes make overlap harmless.
  #checkov:skip=CKV_AWS_116:The on_failure destination below takes what failed, with the reason.
  #checkov:skip=CKV_AWS_117:A VPC would need a NAT gateway, always on and dearer than all the rest.
  #checkov:skip=CKV_AWS_173:The variables are names and numbers; a key of one's own costs a dollar a month.
  #checkov:skip=CKV_AWS_272:Code signing guards against others who deploy here; there are none.
  for_each = local.functions

  function_name                  = local.function_names[each.key]
  role                           = aws_iam_role.function[each.key].arn
  handler                        = each.value.handler
  runtime                        = var.python_runtime
  architectures                  = ["arm64"] # a fifth cheaper than x86_64
  memory_size                    = each.value.memory
  timeout                        = each.value.timeout
  reserved_concurrent_executions = var.reserved_concurrency
  filename                       = "${var.artifact_dir}/code.zip"
  source_code_hash               = filebase64sha256("${var.artifact_dir}/code.zip")
  # Lambda unpacks them in this order, the later over the earlier: ours last, so that of a package in both ours is run.
  layers = concat(each.value.pandas ? [local.pandas_layer] : [], [aws_lambda_layer_version.packages.arn])

  environment {
    variables = merge(local.memory_env, { for name in local.env_contract[each.key] : name => local.settings[name] })
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  # Without its permissions the first invocation fails, and a schedule may come at once.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158:No log line holds a secret (tested); a key of one's own costs a dollar a month.
  #checkov:skip=CKV_AWS_338:A month is enough to find a fault; what is kept for good is the journal.
  for_each = local.function_names

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = aws_lambda_function.this

  function_name = each.value.function_name
  # Lambda's own schedule of retries: after one minute and after two more. All jobs are safe to repeat.
  maximum_retry_attempts = 2
  # After an hour the next poll has come; an older event would only repeat it.
  maximum_event_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination = local.arns.dead_letters
    }
  }

  depends_on = [aws_sqs_queue.dead_letters]
}

resource "aws_sqs_queue" "dead_letters" {
  name = local.names.dead_letters
  # 14 days, the most there is: long enough to come back from a journey.
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}
