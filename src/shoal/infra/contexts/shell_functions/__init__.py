"""The functions of the program that runs in a machine, for any POSIX shell."""
