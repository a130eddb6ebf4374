"""What a notebook calls; its names stand in ``runner`` itself."""
