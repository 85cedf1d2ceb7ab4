"""The use cases: one public coroutine for each operation of a user or a loop."""
