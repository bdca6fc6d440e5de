"""Enrichment: what the journal and Spotify tell of tracks and artists, into tables and cache."""
