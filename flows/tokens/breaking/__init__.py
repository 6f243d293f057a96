"""Breaking a token on purpose, and the careless code that would not notice."""
