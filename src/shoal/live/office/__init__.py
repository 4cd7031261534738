"""The server's side of live tasks: who follows which, what was told last, and what happens when one dies."""
