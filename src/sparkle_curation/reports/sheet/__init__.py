"""The contact sheet: which samples it shows, and how it is drawn."""
