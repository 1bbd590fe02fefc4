"""The release as published: themes, ids, paths, tables and cut-offs. Imports nothing of this project's own."""
