"""The stages that generate pictures and videos: what each is to make, making it, the table of what came of it."""
