"""A neural network for tables, small enough to need nothing but numpy."""
