"""Jobs of very many runs: cut into blocks, handed to executors, kept in memory or in a folder."""
