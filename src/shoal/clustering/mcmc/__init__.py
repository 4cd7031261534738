"""Search sets of centres of any size by Metropolis moves: the score, the cells, the moves, the chain."""
