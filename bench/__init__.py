"""What the product costs, beside the least that any program would pay for the same work.

    python -m bench rescore --leads 100000 --activities 1000000

A benchmark runs the product's own path and its floor (the least SQL that does the same) in turns, in one run, in a
database of its own, and prints their ratio, by the clock and by processor time: absolute times belong to a machine,
ratios last. What only a running product shows is measured by `bench.running`, in seconds and in bytes.
"""
