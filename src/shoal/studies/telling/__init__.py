"""A result told to people and programs: the answer, the report, the terminal, study.json."""
