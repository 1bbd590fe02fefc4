"""Models behind a server: what all have in common, the OpenAI chat protocol, and Gemini's own API."""
