"""Stores of ML Metadata: moved into the record, proved equal, and written again for the original library."""
