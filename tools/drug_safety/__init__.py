"""What a list of drugs holds that a table with sources speaks of: pairs, duplicates, kidney function, dose."""
