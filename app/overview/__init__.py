"""What needs a manager: what is late, without anybody, stalled or over budget, and how deadlines are kept.

Every number opens its rows. The numbers are counted by the same conditions as the rows, so that they are equal.
"""
