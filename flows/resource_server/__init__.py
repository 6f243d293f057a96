"""The photos API: what it is asked, what it holds a bearer token to, and the photos."""
