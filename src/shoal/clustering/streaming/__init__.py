"""The parts of streaming clustering: the original's rule, micro-clusters, and how these are grouped."""
