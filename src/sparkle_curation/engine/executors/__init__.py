"""How a function is run over batches: here, ahead of time, in threads, in processes."""
