"""HTTP: handlers by operationId, the wire's shapes, and the table of errors and statuses."""
