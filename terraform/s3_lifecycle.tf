# What goes by itself: old versions, Athena's results, abandoned uploads; and what moves to a cheaper class.

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  bucket = aws_s3_bucket.this["data"].id

  rule {
    id     = "journal-large-and-old"
    status = "Enabled"

    filter {
      and {
        prefix = local.journal_prefix
        # Infrequent access bills at least 128 KB for each object: below that it costs more. Polls are 2 KB and stay;
        # what moves is days of an import.
        object_size_greater_than = 131072
      }
    }

    transition {
      # After 90 days nothing settles a day anew but an import. Tables are asked each night and never move.
      days          = 90
      storage_class = "STANDARD_IA"
    }
  }

  rule {
    id     = "journal-deleted"
    status = "Enabled"

    filter {
      prefix = local.journal_prefix
    }

    noncurrent_version_expiration {
      # The journal is only ever deleted by hand: a quarter of a year to notice that it was a mistake.
      noncurrent_days = 90
    }
  }

  rule {
    id     = "tables-replaced"
    status = "Enabled"

    filter {
      prefix = local.tables_prefix
    }

    noncurrent_version_expiration {
      # Tables come anew from the journal; a month of versions shows when a number changed.
      noncurrent_days = 30
    }
  }

  rule {
    id     = "athena-results"
    status = "Enabled"

    filter {
      prefix = local.results_prefix
    }

    expiration {
      days = 7 # read once, seconds after they were written; a week to look into a question that went wrong
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  rule {
    id     = "abandoned-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "site" {
  bucket = aws_s3_bucket.this["site"].id

  rule {
    id     = "replaced"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30 # each night replaces the document; a month to look back
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
