"""Kedro datasets: everything that this project reads from or writes to disk goes through here."""
