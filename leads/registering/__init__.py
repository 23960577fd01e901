"""How leads and companies come in, change, are found, and become one."""
