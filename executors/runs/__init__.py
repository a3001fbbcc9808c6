"""Runs as things of their own: what is kept of them, how they are started, stopped, resumed and repeated."""
