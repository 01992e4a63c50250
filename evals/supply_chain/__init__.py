"""Supply chain: what Kilde is made of, under which licences, and whether anyone warns of it."""
