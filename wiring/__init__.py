"""The composition root: the only place that knows which implementation of a role is used."""
