# How it runs: names, sizes, limits and switches, each with a default that is right for one listener.

variable "name_prefix" {
  description = "Beginning of every name, so that two of these can live in one account."
  type        = string
  default     = "playledger"

  validation {
    # A bucket name has 63 characters, of which 33 go to what stands behind the prefix.
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name_prefix)) && length(var.name_prefix) >= 3 && length(var.name_prefix) <= 24
    error_message = "The name prefix must have 3 to 24 small letters, digits and single hyphens, and begin with a letter."
  }
}

variable "tags" {
  description = "Tags for everything, beside Project, Stack and ManagedBy."
  type        = map(string)
  default     = {}
}

variable "artifact_dir" {
  description = "Folder with code.zip and layer.zip, which the build makes."
  type        = string
  default     = "../build"

  validation {
    condition     = fileexists("${var.artifact_dir}/code.zip") && fileexists("${var.artifact_dir}/layer.zip")
    error_message = "There is no code.zip or no layer.zip in the artifact folder: build them first."
  }
}

variable "python_runtime" {
  description = "Lambda's Python, for all functions and layers. What is built is for 3.13: RUNTIME in wiring/package.py goes with it."
  type        = string
  default     = "python3.13"

  validation {
    condition     = can(regex("^python3\\.1[1-4]$", var.python_runtime))
    error_message = "The runtime must be one of python3.11 to python3.14."
  }
}

variable "pandas_layer_arn" {
  description = "ARN, with version, of AWS's managed layer AWSSDKPandas for your region, arm64 and the runtime. Empty: our pin."
  type        = string
  default     = ""

  validation {
    condition     = var.pandas_layer_arn == "" || can(regex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:AWSSDKPandas-Python31[1-4]-Arm64:[0-9]+$", var.pandas_layer_arn))
    error_message = "The pandas layer must be an ARN ending in AWSSDKPandas-Python3xx-Arm64:<version>, or empty."
  }
}

variable "reserved_concurrency" {
  description = "Most copies of a function at once. -1 reserves nothing: accounts with a limit of 10 refuse any reservation."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency == -1 || (var.reserved_concurrency >= 1 && var.reserved_concurrency <= 10)
    error_message = "The reserved concurrency must be -1 (none) or from 1 to 10."
  }
}

variable "log_retention_days" {
  description = "Days that the functions' logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365 days."
  }
}

variable "athena_scan_cutoff_bytes" {
  description = "Bytes after which Athena stops a query. At 500 MB the worst one costs a quarter of a cent."
  type        = number
  default     = 500000000

  validation {
    # 10 MB is the least that Athena takes, and what it bills for any query.
    condition     = var.athena_scan_cutoff_bytes >= 10000000 && var.athena_scan_cutoff_bytes <= 1000000000000
    error_message = "Athena's cut-off must lie between 10 MB (10000000) and 1 TB, in bytes."
  }
}

variable "monthly_budget_usd" {
  description = "Dollars a month at which you get mail. The budget is the whole account's."
  type        = number
  default     = 10

  validation {
    condition     = var.monthly_budget_usd >= 1 && var.monthly_budget_usd <= 1000
    error_message = "The monthly budget must be between 1 and 1000 dollars."
  }
}

variable "alarms_per_function" {
  description = "Watch errors and throttles of each function, not of the account: 14 alarm metrics, 4 more than are free."
  type        = bool
  default     = false
}

variable "enable_cdn" {
  description = "Serve the dashboard through CloudFront. False while AWS has not verified a new account for it."
  type        = bool
  default     = true
}
