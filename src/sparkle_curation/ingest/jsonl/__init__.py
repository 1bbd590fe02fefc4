"""JSONL files: whole blocks at once, and line by line where a block cannot be trusted."""
