#!/usr/bin/env python3
"""Recomputes the hashes of hash-vectors.json from the layout that hashes.md states. Needs nothing but Python 3.

Usage: python3 docs/hash-vectors.py [file]
"""

import hashlib
import json
import pathlib
import sys


def integer(value, size):
    return int(value).to_bytes(size, "big", signed=True)


def text(value):
    data = value.encode("utf-8")
    return len(data).to_bytes(4, "big") + data


def optional(value, write):
    return b"\x00" if value is None else b"\x01" + write(value)


def uuid(value):
    return bytes.fromhex(value.replace("-", ""))


def i64(value):
    return integer(value, 8)


def u32(value):
    return int(value).to_bytes(4, "big")


def item(value):
    numbers = ("price_version", "unit_price", "quantity")
    return text(value["item_id"]) + text(value["name"]) + b"".join(i64(value[name]) for name in numbers)


def leg(value):
    return text(value["user_id"]) + text(value["asset"]) + u32(value["stripe"]) + i64(value["change"])


def transaction_digest(t):
    pairs = sorted(t["metadata"].items(), key=lambda pair: pair[0].encode("utf-8"))
    return hashlib.sha256(
        text("ledger.transaction")
        + b"\x01"
        + uuid(t["transaction_id"])
        + bytes([t["kind"]])
        + text(t["user_id"])
        + text(t["request_id"])
        + text(t["caller"])
        + i64(t["create_time"])
        + optional(t["effective_time"], i64)
        + text(t["description"])
        + text(t["reference"])
        + u32(len(pairs))
        + b"".join(text(key) + text(value) for key, value in pairs)
        + optional(t["item"], item)
        + optional(t["reverses_transaction_id"], uuid)
        + u32(len(t["legs"]))
        + b"".join(leg(value) for value in t["legs"])
    ).hexdigest()


def entry_hash(e):
    return hashlib.sha256(
        text("ledger.entry")
        + b"\x01"
        + bytes.fromhex(e["previous_hash"])
        + bytes.fromhex(e["digest"])
        + text(e["user_id"])
        + text(e["asset"])
        + u32(e["stripe"])
        + i64(e["sequence"])
        + i64(e["change"])
        + integer(e["balance_after"], 16)
        + integer(e["debits_after"], 16)
        + optional(e["effective_time"], i64)
    ).hexdigest()


def main():
    default = pathlib.Path(__file__).with_name("hash-vectors.json")
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    vectors = json.loads(path.read_text(encoding="utf-8"))
    computed = [(v["name"], v["hash"], transaction_digest(v)) for v in vectors["transactions"]]
    computed += [(v["name"], v["hash"], entry_hash(v)) for v in vectors["entries"]]
    wrong = [f"{name}: {found}, not {stated}" for name, stated, found in computed if stated != found]
    print("\n".join(wrong) if wrong else f"{len(computed)} hashes agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
