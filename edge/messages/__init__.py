"""What crosses a process border, typed: MQTT messages, live records, orders, JSON Schemas."""
