"""The papers that an operator has to be able to show."""
