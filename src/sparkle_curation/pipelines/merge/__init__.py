"""``merge``: puts what shards of costly work have done into the journals of all of it."""
