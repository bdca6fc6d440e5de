# The page itself: what the dashboard's folder holds lies in the site bucket after the next apply. The night adds the data.

locals {
  page = "${path.module}/../dashboard"

  # What of the folder is the page, and as what; all else in it is for builders. The local server says the same.
  media = {
    html = "text/html; charset=utf-8"
    css  = "text/css; charset=utf-8"
    js   = "text/javascript; charset=utf-8"
    svg  = "image/svg+xml"
  }
  page_files = {
    for file in fileset(local.page, "**") : file => reverse(split(".", file))[0]
    if contains(keys(local.media), reverse(split(".", file))[0])
  }
}

resource "aws_s3_object" "page" {
  #checkov:skip=CKV_AWS_186:S3's own key encrypts it; one's own costs a dollar a month, and the page is no secret.
  for_each = local.page_files

  bucket        = aws_s3_bucket.this["site"].id
  key           = each.key
  source        = "${local.page}/${each.key}"
  etag          = filemd5("${local.page}/${each.key}") # changed here or there: uploaded again
  content_type  = local.media[each.value]
  cache_control = local.caching["*"]

  # An object that is there before the bucket keeps versions has none.
  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_server_side_encryption_configuration.this]
}
