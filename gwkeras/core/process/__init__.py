"""What is known of the process: its machine, memory, threads and command."""
