"""An evaluation as it is kept in its files, and several of them as one."""
