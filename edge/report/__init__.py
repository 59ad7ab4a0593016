"""`report`: the sums that the device keeps → a page for a person, a spreadsheet or a program."""
