# What nobody may do to the buckets, whatever their own rights: plain HTTP, replacing or deleting the journal.

locals {
  # A policy that forbids names everybody and everything; the wildcards below only ever take away.
  tls_only = {
    for bucket, name in local.buckets : bucket => {
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:${local.partition}:s3:::${name}", "arn:${local.partition}:s3:::${name}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }

  # A put without `If-None-Match: *` could replace an object. Parts of a multipart upload cannot carry the header and are
  # refused with it: no entry is that large.
  journal_is_create_only = {
    Sid       = "JournalIsCreateOnly"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:PutObject"
    Resource  = "${local.arns.data_bucket}/${local.journal_prefix}*"
    Condition = { Null = { "s3:if-none-match" = "true" } }
  }

  journal_is_kept = merge(
    {
      Sid       = "JournalIsKept"
      Effect    = "Deny"
      Principal = "*"
      Action    = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource  = "${local.arns.data_bucket}/${local.journal_prefix}*"
    },
    var.break_glass_principal_arn == "" ? {} : {
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = var.break_glass_principal_arn } }
    },
  )

  # Only this distribution, not any of CloudFront's.
  cdn_reads_site = [
    for distribution in aws_cloudfront_distribution.site[*] : {
      Sid       = "CloudFrontReads"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "${local.arns.site_bucket}/*" # the page's files are many, and all of them are the page
      Condition = { StringEquals = { "aws:SourceArn" = distribution.arn } }
    }
  ]

  bucket_policies = {
    data = jsonencode({
      Version   = "2012-10-17"
      Statement = [local.tls_only.data, local.journal_is_create_only, local.journal_is_kept]
    })
    site = jsonencode({
      Version   = "2012-10-17"
      Statement = concat([local.tls_only.site], local.cdn_reads_site)
    })
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = local.bucket_policies[each.key]

  # S3 refuses two changes of one bucket's access at the same time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
