"""What people look at: figures, the contact sheet, the page of plots."""
