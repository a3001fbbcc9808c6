"""Care of a home: verify it, copy it, bring it back, and tell what ails it."""
