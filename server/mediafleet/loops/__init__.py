"""When the cluster acts by itself; what it does then is said in the services."""
