"""Judging a token: the rules, what each kind of token requires, and the verdict."""
