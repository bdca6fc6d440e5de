"""Playledger's kernel: the words every room shares.

Spotify is polled, what it shows goes to the journal and is never changed again; from the journal every play is settled
once, summarised once, asked by SQL, and published as one document.
"""

__version__ = "0.1.0"
