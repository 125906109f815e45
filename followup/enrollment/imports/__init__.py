"""What a file of patients is, before anything is enrolled: bytes, text, rows, columns, values.

Pure: no database, clock or network. A file is never repaired by a guess; what had to be assumed is said.
"""
