"""KFP v2 pipelines on one machine."""
