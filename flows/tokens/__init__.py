"""Tokens: keys, signing, reading and verifying. Pure functions, no Flask import."""
