"""``publish``: the variant as a dataset repository of the hub, told before, uploaded by confirmation."""
