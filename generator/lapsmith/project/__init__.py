"""What a project is generated from: its configuration, and specs with the files beside them, on disk or in git."""
