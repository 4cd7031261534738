"""Figures of a study: described with Altair (Vega-Lite) and drawn in workers, never in the server."""
