"""One client protocol, two ways to answer it: the record in this process, or a server over HTTP."""
