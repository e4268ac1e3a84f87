"""What one authority tells the others and its own doors: in process, or by NATS JetStream.

event      what is told: that something happened; what it was stands in the database
bus        in process
jetstream  between authorities
"""
