"""What scores give away: those that EditScore cannot have given."""
