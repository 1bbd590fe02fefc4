"""Tables of the stages of the release that are run again: camera, boxes, masks, edges, scores and groundings."""
