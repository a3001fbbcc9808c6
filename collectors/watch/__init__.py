"""What a Python process reads and writes, noted while it runs: in a notebook, or in whatever `clew exec` starts.

The modules that note (notes, opens, imports, wraps, libraries, duck) stand on the standard library alone and import one
another by relative names: they are also loaded, under the name ``_clew_watch``, into Pythons that hold no Clew.
"""
