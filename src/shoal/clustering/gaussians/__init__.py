"""Hard Gaussian clustering: rows made ready, restarts, moves, the fitted components."""
