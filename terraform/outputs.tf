# What a person, or the next command, needs after applying.

output "dashboard_url" {
  description = "Where the dashboard is; null without CloudFront."
  value       = one([for distribution in aws_cloudfront_distribution.site[*] : "https://${distribution.domain_name}/"])
}

output "site_bucket" {
  description = "Bucket that the page's files go to."
  value       = local.names.site_bucket
}

output "data_bucket" {
  description = "Bucket of journal, tables and Athena's results."
  value       = local.names.data_bucket
}

output "settings" {
  description = "What playledger's commands need to find this deployment (login, migrate, doctor). No secret."
  value       = merge({ AWS_REGION = var.region }, local.settings)
}

output "functions" {
  description = "Names of the functions."
  value       = { for function, deployed in aws_lambda_function.this : function => deployed.function_name }
}

output "logs" {
  description = "Log group of each function."
  value       = { for function, group in aws_cloudwatch_log_group.function : function => group.name }
}

output "dead_letters_url" {
  description = "Queue where the events of failed runs lie for 14 days."
  value       = aws_sqs_queue.dead_letters.url
}

output "schedules" {
  description = "When what runs."
  value       = { for name, schedule in local.schedules : name => "${schedule.cron} ${schedule.zone}" }
}

output "next_steps" {
  description = "What remains to be done by hand."
  value = [
    "Confirm the mail that AWS sent to ${var.alert_email}: until then no alarm reaches you.",
    "Let your Spotify app redirect to http://127.0.0.1:8724/callback (developer.spotify.com, your app, Settings).",
    "Log in: playledger login --aws --settings terraform/settings.json",
    "Bring a history along, if you have one: playledger migrate --to aws --settings terraform/settings.json",
    "Make the first page now, or wait for the night: aws lambda invoke --region ${var.region} --function-name ${local.function_names.aggregate} --invocation-type Event /dev/stdout",
    "Ask whether all is well: playledger doctor --aws --settings terraform/settings.json",
  ]
}
