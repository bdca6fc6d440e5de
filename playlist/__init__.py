"""The weekly playlist: liked songs that were not played lately, in one playlist kept for life."""
