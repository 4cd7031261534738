"""Where machines come from: one file for each provider, one set of laws for all."""
