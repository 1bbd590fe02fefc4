"""The registered pipelines, one folder each: nodes, parameters, wiring."""
