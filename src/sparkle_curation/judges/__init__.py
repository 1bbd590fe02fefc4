"""What is known of judges without running one: their arithmetic, their answers, and what their scores give away."""
