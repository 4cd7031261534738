"""The pages of a study: a new one, how far it is, its report, its fits, and rows for it to assign."""
