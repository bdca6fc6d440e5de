# What the functions are told: how long, how many, what it is called; and what protects the data.

variable "hot_ttl_days" {
  description = "Days that a play stays in the hot table. The journal keeps it for good; each night reads the hot table whole."
  type        = number
  default     = 14

  validation {
    condition     = var.hot_ttl_days >= 7 && var.hot_ttl_days <= 30 && floor(var.hot_ttl_days) == var.hot_ttl_days
    error_message = "Plays stay in the hot table for 7 to 30 whole days."
  }
}

variable "enrichment_daily_calls" {
  description = "Most metadata calls to Spotify a day."
  type        = number
  default     = 150

  validation {
    condition     = var.enrichment_daily_calls >= 0 && var.enrichment_daily_calls <= 500
    error_message = "The metadata calls a day must be between 0 and 500."
  }
}

variable "playlist_name" {
  description = "Name of the weekly playlist."
  type        = string
  default     = "Unplayed lately"

  validation {
    # 100 is the most that Spotify takes.
    condition     = length(var.playlist_name) >= 1 && length(var.playlist_name) <= 100
    error_message = "The playlist's name must have 1 to 100 characters."
  }
}

variable "playlist_unplayed_days" {
  description = "The playlist takes liked songs that were not played for so many days."
  type        = number
  default     = 90

  validation {
    condition     = var.playlist_unplayed_days >= 1 && var.playlist_unplayed_days <= 3650
    error_message = "The playlist's days without a play must be between 1 and 3650."
  }
}

variable "playlist_size" {
  description = "Most tracks in the playlist."
  type        = number
  default     = 50

  validation {
    condition     = var.playlist_size >= 1 && var.playlist_size <= 1000
    error_message = "The playlist must have between 1 and 1000 tracks."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the tables. Set it to false, apply, and only then destroy."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Let destroy empty the buckets, the journal among them. Nothing brings it back."
  type        = bool
  default     = false
}
