"""The columns of every table, one module for the tables of one origin."""
