"""What people call a node: the command line and the pages show it, in place of an id that says nothing."""

from __future__ import annotations

from clew.metadata.node import Artifact, Node

_LABELS = ("display_name", "task_name", "name", "title")


def label(node: Node) -> str:
    """What a person would call ``node``: its name, its display name, or the end of its address."""
    if node.name:
        return node.name
    for name in _LABELS:
        value = node.custom_properties.get(name) or node.properties.get(name)
        if isinstance(value, str) and value:
            return value
    if isinstance(node, Artifact) and node.uri:
        return node.uri
    return node.external_id or ""
