# What keeps the data: private buckets, TLS, a journal that is only added to, lifecycle, exact permissions, the login.

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
  # Buckets
  assert {
    condition     = toset(keys(aws_s3_bucket_policy.this)) == toset(["data", "site"])
    error_message = "A bucket has no policy."
  }
  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.this :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ]) && length(aws_s3_bucket_public_access_block.this) == 2
    error_message = "A bucket could become public."
  }
  assert {
    condition     = alltrue([for bucket in ["data", "site"] : aws_s3_bucket_versioning.this[bucket].versioning_configuration[0].status == "Enabled"])
    error_message = "A bucket keeps no versions."
  }
  assert {
    condition     = alltrue([for bucket in ["data", "site"] : one(one(aws_s3_bucket_server_side_encryption_configuration.this[bucket].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"])
    error_message = "A bucket is not encrypted."
  }
  assert {
    condition     = alltrue([for bucket in ["data", "site"] : aws_s3_bucket_ownership_controls.this[bucket].rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "A bucket takes ACLs."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
    error_message = "Destroying would empty a bucket."
  }
  assert {
    condition = alltrue([
      for bucket, name in local.buckets : contains(jsondecode(aws_s3_bucket_policy.this[bucket].policy).Statement, {
        Sid       = "TlsOnly", Effect = "Deny", Principal = "*", Action = "s3:*"
        Resource  = ["arn:aws:s3:::${name}", "arn:aws:s3:::${name}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      })
    ])
    error_message = "A bucket answers without TLS."
  }

  # The journal
  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.this["data"].policy).Statement, {
      Sid       = "JournalIsCreateOnly", Effect = "Deny", Principal = "*", Action = "s3:PutObject"
      Resource  = "arn:aws:s3:::playledger-data-123456789012-eu-north-1/journal/*"
      Condition = { Null = { "s3:if-none-match" = "true" } }
    })
    error_message = "A journal object can be replaced."
  }
  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.this["data"].policy).Statement, {
      Sid      = "JournalIsKept", Effect = "Deny", Principal = "*", Action = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource = "arn:aws:s3:::playledger-data-123456789012-eu-north-1/journal/*"
    })
    error_message = "Somebody can delete a journal object."
  }

  # Lifecycle
  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.data.rule :
      [one(one(rule.filter).and).prefix, one(one(rule.filter).and).object_size_greater_than, one(rule.transition).days, one(rule.transition).storage_class]
      if length(rule.transition) > 0
    ] == [["journal/", 131072, 90, "STANDARD_IA"]]
    error_message = "Something else than large, old journal objects moves to infrequent access."
  }
  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.id => [one(rule.filter).prefix, one(rule.noncurrent_version_expiration).noncurrent_days] if length(rule.noncurrent_version_expiration) > 0 } == {
      journal-deleted = ["journal/", 90], tables-replaced = ["tables/", 30], athena-results = ["athena-results/", 1]
    }
    error_message = "Old versions are kept for ever, or go too early."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : [rule.id, one(rule.filter).prefix, one(rule.expiration).days] if length(rule.expiration) > 0] == [["athena-results", "athena-results/", 7]]
    error_message = "Something else than Athena's results expires."
  }
  assert {
    condition     = alltrue([for rule in concat(aws_s3_bucket_lifecycle_configuration.data.rule, aws_s3_bucket_lifecycle_configuration.site.rule) : rule.status == "Enabled"])
    error_message = "A rule is off."
  }

  # Permissions
  assert {
    condition     = toset(keys(aws_iam_role_policy.function)) == toset(keys(aws_lambda_function.this)) && length(aws_iam_role.function) == 4
    error_message = "Functions share a role, or one has no policy."
  }
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.function), values(aws_iam_role_policy.schedule)) : [
        for statement in jsondecode(policy.policy).Statement : [for action in statement.Action : !strcontains(action, "*")]
      ]
    ]))
    error_message = "A role may do what a wildcard stands for."
  }
  assert {
    # Keys below a prefix and log streams have names that nobody knows before; nothing else may end in a wildcard.
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.function), values(aws_iam_role_policy.schedule)) : [
        for statement in jsondecode(policy.policy).Statement : [
          for resource in statement.Resource : !strcontains(resource, "*") || can(regex(join("|", [
            "^arn:aws:s3:::playledger-data-123456789012-eu-north-1/(journal|tables(/tracks|/artists|/playlists|/_manifest)?|athena-results)/\\*$",
            "^arn:aws:logs:eu-north-1:123456789012:log-group:/aws/lambda/playledger-[a-z]+:\\*$",
          ]), resource))
        ]
      ]
    ]))
    error_message = "A role reaches further than a prefix."
  }
  assert {
    condition = alltrue(flatten([
      for policy in values(aws_iam_role_policy.function) : [for statement in jsondecode(policy.policy).Statement : [for action in statement.Action : !strcontains(lower(action), "delete")]]
    ]))
    error_message = "A function may delete."
  }
  assert {
    condition = alltrue([
      for role in aws_iam_role.schedule : jsondecode(role.assume_role_policy).Statement[0].Condition == {
        StringEquals = { "aws:SourceArn" = "arn:aws:scheduler:eu-north-1:123456789012:schedule-group/playledger", "aws:SourceAccount" = "123456789012" }
      }
    ])
    error_message = "Schedules of others could use a role."
  }
  assert {
    condition     = alltrue([for policy in values(aws_iam_role_policy.function) : length(policy.policy) < 10240])
    error_message = "A policy is longer than IAM takes."
  }

  # Tables and login
  assert {
    condition     = { for name, table in aws_dynamodb_table.this : name => join(" ", compact([table.hash_key, table.range_key])) } == { plays = "pk sk", tracks = "track_uri", artists = "artist_id", state = "id" }
    error_message = "The keys are not those of the adapters."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled])
    error_message = "A table can be lost."
  }
  assert {
    condition     = [for name, table in aws_dynamodb_table.this : [name, table.ttl[0].attribute_name] if length(table.ttl) > 0 && try(table.ttl[0].enabled, false)] == [["plays", "expires_at"]]
    error_message = "Plays do not expire, or something else does."
  }
  assert {
    condition     = aws_ssm_parameter.token.type == "SecureString" && aws_ssm_parameter.token.value_wo_version == 1
    error_message = "The login is not a SecureString that is only written."
  }
}

run "break_glass" {
  variables {
    break_glass_principal_arn = "arn:aws:iam::123456789012:role/owner"
  }

  assert {
    condition = contains(jsondecode(aws_s3_bucket_policy.this["data"].policy).Statement, {
      Sid       = "JournalIsKept", Effect = "Deny", Principal = "*", Action = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource  = "arn:aws:s3:::playledger-data-123456789012-eu-north-1/journal/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/owner" } }
    })
    error_message = "Others than the one named principal can delete, or it cannot."
  }
}
