"""Decides requests by the rules of a listener as the documentation of AWS has it.

Rules are tried in their order and the first whose conditions are all met is taken. In values `*` is any characters and
`?` exactly one; hosts and header values are compared without regard to case, paths with, and a path without its query.
A transform is a search in the whole URL, and none of it changes which rule was taken.
"""

import json
import re
import sys


def is_like(pattern, text, ignore_case):
    parts = [{"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern]
    return re.fullmatch("".join(parts), text, re.IGNORECASE if ignore_case else 0)


def is_met(name, values, request):
    if name == "path":
        path = request["url"].split("?")[0]
        return any(is_like(value, path, False) for value in values)
    text = request["host"] if name == "host" else request[name]
    # A header that is not there is like no value.
    return text != "" and any(is_like(value, text, True) for value in values)


def rewritten(rewrite, text):
    if rewrite is None:
        return text
    regex, replace = rewrite
    return re.sub(regex, re.sub(r"\$(\d)", r"\\g<\1>", replace), text, count=1)


def decide(listener, request):
    for rule in listener["rules"]:
        if all(is_met(name, values, request) for name, values in rule["conditions"].items()):
            break
    else:
        rule = {"action": listener["default"]}
    if "group" not in rule["action"]:
        return {"status": rule["action"]["status"]}
    return {
        "group": rule["action"]["group"],
        "host": rewritten(rule["host_header"], request["host"]),
        "url": rewritten(rule["url"], request["url"]),
    }


listener, requests = (json.loads(argument) for argument in sys.argv[1:])
print(json.dumps([decide(listener, request) for request in requests]))
