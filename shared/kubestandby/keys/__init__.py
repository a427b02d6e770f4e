"""Who may say what, and who may read it: trust, signatures (DSSE) and sealing. No files: `adapters.key_folder`."""
