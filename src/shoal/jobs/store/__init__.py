"""Jobs as rows: one file for each thing that is done to them, as functions of a connection."""
