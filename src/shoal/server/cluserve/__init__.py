"""Cluserve's documented requests: GraphQL at /v1/graphql over POST and WebSocket, and Bubbles' small API."""
