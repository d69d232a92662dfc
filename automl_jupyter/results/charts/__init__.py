"""Charts: each a table, and a drawing of that table. Imported when a chart is asked for."""
