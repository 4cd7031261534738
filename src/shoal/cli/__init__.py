"""The command line: `shoal NOUN VERB`, one file per noun."""
