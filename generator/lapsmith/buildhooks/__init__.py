"""Build hooks: a package's clients are generated when the package is built. One module for each build backend."""
