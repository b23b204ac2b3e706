"""The cloud side of the project: stack configuration and one component per file."""
