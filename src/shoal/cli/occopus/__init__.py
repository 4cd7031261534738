"""Occopus' programs, with their documented arguments and closing lines, over a server of ours."""
