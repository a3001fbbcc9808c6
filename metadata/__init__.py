"""THE RECORD: what is true. Types, nodes, events, the change log, digests, stores. Imports nothing of ours."""
