"""Tables of wells: their headings, dates and layouts, read into one form."""
