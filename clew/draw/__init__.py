"""Lineage as text: names of things, trees, Graphviz, Mermaid. Knows nothing of terminals."""
