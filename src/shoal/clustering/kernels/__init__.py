"""What every hot loop is built of: compiling, vector code, tiles, packed rows, threads."""
