"""What a machine becomes: user data for clouds, a program for machines that read none."""
