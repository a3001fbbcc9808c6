"""ML Metadata on the wire: ``ml_metadata.MetadataStoreService``, all 52 calls, over the record."""
