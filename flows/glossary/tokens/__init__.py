"""Notes on JOSE headers, claims, algorithms and keys. They explain tokens from elsewhere too, so they never name our
parties."""

from flows.glossary.tokens.algorithms import ALGORITHMS
from flows.glossary.tokens.claims import CLAIMS, CONFIRMATION_METHODS
from flows.glossary.tokens.jose_headers import JOSE_HEADERS
from flows.glossary.tokens.jwk import JWK, JWK_VALUES
from flows.glossary.tokens.types import TYPES

__all__ = ["CLAIMS", "CONFIRMATION_METHODS", "JOSE_HEADERS", "JWK", "TYPES", "VALUES"]

VALUES = ALGORITHMS | TYPES | JWK_VALUES
