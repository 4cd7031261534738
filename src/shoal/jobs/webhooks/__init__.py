"""Webhooks: deliveries to addresses outside, signed, and never to where a server must not reach."""
