"""The worker protocol: what machines that joined ask and tell (docs/reference/worker-protocol.md)."""
