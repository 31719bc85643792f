"""The configuration: its tree, its values checked, its YAML."""
