"""The wire contract and the code generated from it. Never import ``ml_metadata`` itself into the same process."""
