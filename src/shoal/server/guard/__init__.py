"""Who may reach this server at all."""
