"""What nobody should do to serlib, done to it: `make harden`, of a size that is asked for.

Damaged files, processes killed at any moment, full disks, an hour of visitors. What is found is
counted in ``artifacts/metrics/reliability.json``; the smallest input of each kind is a test of the
module that failed.
"""
