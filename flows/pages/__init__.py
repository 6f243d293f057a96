"""What the learner’s browser sees: home, runs, the sandbox."""
