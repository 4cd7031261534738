"""What finished fits come to: scores, profiles, stability, predictions, comparisons."""
