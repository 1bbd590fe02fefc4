"""Drawing the sample that people judge blind, to learn how good what is kept is."""
