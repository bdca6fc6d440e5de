"""Aggregation, the night: settle what changed, summarise it, ask every question, check the answers, publish."""
