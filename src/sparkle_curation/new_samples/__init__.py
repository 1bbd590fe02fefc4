"""New samples: from clips to a draft release, what each shall become, and the release that they are at the end."""
