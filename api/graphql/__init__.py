"""GraphQL over HTTP and WebSocket (Strawberry)."""
