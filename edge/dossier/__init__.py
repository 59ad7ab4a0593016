"""What an operator hands to a data-protection officer, made from the configuration in force.

`verb` writes the documents; each module named after one makes its text, in Markdown.
"""
