#!/usr/bin/env python3
"""Recomputes the buckets of bucket-vectors.json as buckets.md states them. Needs nothing but Python 3."""

import json
import pathlib


def bucket_of(text):
    value = 0x811C9DC5
    for byte in text.encode("ascii"):
        value = (value ^ byte) * 0x01000193 % 2**32
    return (value ^ value >> 10) & 0x3FF


def bucket_of_id(uuid):
    return int(uuid.split("-")[4][:3], 16) & 0x3FF


vectors = json.loads(pathlib.Path(__file__).with_name("bucket-vectors.json").read_text())
for vector in vectors["users"]:
    assert bucket_of(vector["user_id"]) == vector["bucket"], vector
for vector in vectors["ids"]:
    assert bucket_of_id(vector["id"]) == bucket_of(vector["user_id"]), vector
print(len(vectors["users"]) + len(vectors["ids"]), "buckets agree")
