"""The authorization server, Snapbox accounts: metadata, keys, /authorize with its pages, and /token."""
