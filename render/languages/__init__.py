"""The languages of pictures and pages: one module with a table of texts each."""
