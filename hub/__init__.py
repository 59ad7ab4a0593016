"""The hub: windows of many devices, off a broker → a database, each exactly once → reports."""
