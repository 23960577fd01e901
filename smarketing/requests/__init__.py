"""What a request tells: from where, by which browser, and the numbers in its address."""
