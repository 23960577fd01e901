"""What all apps ask of the database."""
