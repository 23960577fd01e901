"""How people come in: passwords and second factors, how often one may try, and the mails about an account."""
