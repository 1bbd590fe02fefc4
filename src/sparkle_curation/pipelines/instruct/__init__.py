"""``instruct``: what each new sample shall become: a scene, an edit prompt, and what is there now."""
