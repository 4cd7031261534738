"""What is to be done about an infrastructure: pure functions of its rows and of what was seen."""
