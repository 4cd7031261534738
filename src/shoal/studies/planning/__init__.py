"""Before a study runs: columns, grid, presets, budget, estimate, batches."""
