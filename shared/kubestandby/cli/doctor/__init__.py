"""`doctor`: looks at one site live, and says what is right, what is not, and what nobody has looked at."""
