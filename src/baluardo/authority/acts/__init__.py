"""What can be done: each act is a function over one transaction, and checks who asks itself.

An act refuses by raising, before it writes to the log. Where something must be kept although it
refuses (a challenge that was answered, a key that turned out to be copied), it returns its refusal
instead, and whoever has called it raises it once the transaction is committed (`refusal`).
"""
