"""Finding tokens in whatever was pasted, and naming what is no JOSE token."""
