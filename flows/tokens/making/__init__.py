"""Making tokens and keys: the only place, beside the parties, where anything is signed for good."""
