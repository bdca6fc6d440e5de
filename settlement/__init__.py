"""Settlement: the journal's entries to plays, once each; the holes in coverage; hot store and journal kept alike."""
