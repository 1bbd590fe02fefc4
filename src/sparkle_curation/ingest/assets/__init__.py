"""Videos, images and masks: in folders and tars, listed, indexed and opened."""
