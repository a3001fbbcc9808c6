"""FACES: spellings of one service over the record and the thread."""
