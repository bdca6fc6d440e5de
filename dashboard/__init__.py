"""The page: static files only. A package so that `importlib.resources` finds them in a checkout and in a wheel."""
