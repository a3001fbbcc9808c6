"""THE THREAD: lineage questions over the record. Imports metadata only."""
