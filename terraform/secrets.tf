# The login: one SecureString that `login` and the functions replace, and that Terraform never reads.

resource "aws_ssm_parameter" "token" {
  #checkov:skip=CKV_AWS_337:SSM's own key encrypts it and lets in whoever may use it; one's own costs a dollar a month.
  name        = local.names.token
  description = "The Spotify login. Written by logging in; renewed by the functions."
  type        = "SecureString"
  tier        = "Standard" # free, up to 4 KB

  # Written at creation and whenever the version is raised, kept nowhere: what the functions store is no difference.
  value_wo         = var.token_seed
  value_wo_version = var.token_seed_version
}
