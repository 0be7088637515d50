"""Benchmarks, run by `make bench`: what the work costs, beside frozen floors and a peer. No test depends on a figure.

The product is asked as anybody asks it: by its command line and over HTTP. Nothing here imports it.
"""
