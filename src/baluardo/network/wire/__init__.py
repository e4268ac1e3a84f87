"""The wire of the stage: real packets that feel the paths of a sky that is not there."""
