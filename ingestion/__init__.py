"""Ingestion: what Spotify shows and what an account export holds, into the journal, each play once."""
