"""Plotly figures of the funnel, the sweep and the agreement."""
