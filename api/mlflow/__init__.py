"""MLflow's tracking protocol over the record."""
