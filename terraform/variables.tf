# What only you can know: who is told, where it runs, whose account it listens to, who may look.

variable "region" {
  description = "AWS region of everything, such as eu-north-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be written as AWS writes it, such as eu-north-1."
  }
}

variable "time_zone" {
  description = "Zone of your days, such as Europe/Stockholm: the night and the weekly playlist run by it."
  type        = string

  validation {
    condition     = contains(jsondecode(file("${path.module}/time_zones.json")), var.time_zone)
    error_message = "The time zone must be a name of the tz database, such as Europe/Stockholm or UTC."
  }
}

variable "alert_email" {
  description = "Address that gets alarms and the budget's warnings. AWS sends it a link to confirm."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s,;<>]+@[^@\\s,;<>]+\\.[A-Za-z]{2,}$", var.alert_email))
    error_message = "The alert address must be one e-mail address, such as name@example.org."
  }
}

variable "spotify_client_id" {
  description = "Client id of your Spotify app, as the app's page shows it. It is no secret."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.spotify_client_id))
    error_message = "The Spotify client id must be the 32 digits and letters a-f of your app's page."
  }
}

variable "dashboard_access" {
  description = "Who may open the dashboard: whoever has the password, or everybody who has the address (public)."
  type        = string
  default     = "password"

  validation {
    condition     = contains(["password", "public"], var.dashboard_access)
    error_message = "The dashboard's access must be either password or public."
  }
}

variable "dashboard_password_sha256" {
  description = "SHA-256 of the dashboard's password, in hex. Generate the password (24 random bytes): the hash is not salted."
  type        = string
  default     = ""

  validation {
    condition = (
      can(regex("^[0-9a-f]{64}$", var.dashboard_password_sha256)) ||
      (var.dashboard_password_sha256 == "" && (var.dashboard_access == "public" || !var.enable_cdn))
    )
    error_message = "The dashboard is private: give the SHA-256 of a generated password as 64 hex digits."
  }

  validation {
    # The hash of nothing at all lets everybody in who presses Enter.
    condition     = var.dashboard_password_sha256 != sha256("")
    error_message = "This is the SHA-256 of an empty password: generate one."
  }
}

variable "token_seed" {
  description = "What the login's parameter holds until you log in. Never stored in state, plan or output."
  type        = string
  default     = "not logged in"
  ephemeral   = true
  sensitive   = true

  validation {
    # 4096 bytes is the most that a standard parameter takes, and the standard tier is free.
    condition     = length(var.token_seed) >= 1 && length(var.token_seed) <= 4096
    error_message = "The token seed must have between 1 and 4096 characters."
  }
}

variable "token_seed_version" {
  description = "Raise it to write the seed again, over the login that is there."
  type        = number
  default     = 1

  validation {
    condition     = var.token_seed_version >= 1 && floor(var.token_seed_version) == var.token_seed_version
    error_message = "The token seed's version must be a whole number from 1."
  }
}

variable "break_glass_principal_arn" {
  description = "ARN of the one role or user that may delete journal objects, for the day you must. Empty: nobody."
  type        = string
  default     = ""

  validation {
    condition     = var.break_glass_principal_arn == "" || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^*]+$", var.break_glass_principal_arn))
    error_message = "The break-glass principal must be the full ARN of one IAM role or user, or empty."
  }
}
