"""What the cache holds: listed, counted, pinned, invalidated, collected, audited."""
