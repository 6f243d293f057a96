"""Tokenwalk: the parties of OAuth 2.0, the flows they walk, and the pages that show them."""
