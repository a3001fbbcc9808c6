"""The command line: one file a command or family; ``entry`` runs it and turns every error into one line and a code."""
