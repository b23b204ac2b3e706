"""What no stack of this project may be: checks over its resources, and the pack that Pulumi runs them from."""
