"""A folder for PYTHONPATH: its ``sitecustomize`` lets a Python that starts note what it reads and writes."""
