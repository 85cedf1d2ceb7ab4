"""The signalling of browsers: JSON-RPC on a WebSocket, as `openrpc.yaml` describes it."""
