"""The interpreter of the conformance vectors. `../run.py` is its command line, `../README.md` defines the language."""
