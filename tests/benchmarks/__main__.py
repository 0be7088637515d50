"""`python -m tests.benchmarks`. Imports nothing until it runs.

The processes of the floors begin with this file too, and must know nothing of the product.
"""

if __name__ == "__main__":
    from tests.benchmarks.options import main

    main()
