# The two buckets: data (journal, tables, Athena's results) and site. Private, versioned, encrypted, no ACLs.

locals {
  buckets = { data = local.names.data_bucket, site = local.names.site_bucket }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Access logs cost more than the data and nobody would read them.
  #checkov:skip=CKV_AWS_144:A second region doubles the price; versions and `migrate` to a laptop are the copies.
  #checkov:skip=CKV_AWS_145:S3's own key encrypts it; one of one's own costs a dollar a month and a fraction per request.
  #checkov:skip=CKV2_AWS_61:Both have rules, in s3_lifecycle.tf; the check does not follow for_each.
  #checkov:skip=CKV2_AWS_62:Nothing listens to events; the night lists what changed.
  for_each = local.buckets

  bucket        = each.value
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
