"""Work that is watched while it runs: notebooks by `%load_ext clew`, programs by `clew exec`."""
