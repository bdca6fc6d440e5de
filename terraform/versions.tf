# Which Terraform and provider read this folder, where everything goes, and what everything is tagged with.

terraform {
  # 1.11 brought write-only arguments, which keep the login out of the state.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.100.0 is what this was applied with, and the last 5.x: the range resolves to one release.
      version = ">= 5.100.0, < 6.0.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ Project = "playledger", Stack = var.name_prefix, ManagedBy = "terraform" }, var.tags)
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
