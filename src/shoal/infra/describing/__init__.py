"""From files to a checked description: what is wrong, in which line, and what to write instead."""
