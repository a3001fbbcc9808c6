"""The filter language: ML Metadata filter_query, parsed by a grammar, compiled to SQL with bound parameters."""
