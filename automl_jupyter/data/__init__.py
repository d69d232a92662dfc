"""What a job learns from: reading tables, knowing their columns, storing them for workers, splitting them."""
