"""Words that every room shares: errors, ids, clock, settings, faults, files, database, events."""
