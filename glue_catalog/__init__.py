"""What the tables are: made from the models, and read by Terraform and by both engines."""
