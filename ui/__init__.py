"""THE EXPLORER: says where its built files are; knows only the GraphQL schema over HTTP."""
