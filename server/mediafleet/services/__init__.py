"""The use cases: one public coroutine for each thing a user or a loop can ask for."""
