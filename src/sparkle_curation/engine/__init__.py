"""Running a function over many inputs: threads, processes, and what makes a long run resumable."""
