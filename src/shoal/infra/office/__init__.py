"""The server's side of infrastructures: answers to passes, their processes, what is told of machines."""
