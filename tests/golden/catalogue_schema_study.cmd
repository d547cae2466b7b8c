catalogue fields study --schema
