"""Compares bounds that warnings name with those that the API's own documentation has. Prints what differs."""

import gzip
import html
import json
import pathlib
import re
import sys

import botocore

MODEL = pathlib.Path(botocore.__file__).parent / "data/elbv2/2015-12-01/service-2.json.gz"
shapes = json.loads(gzip.open(MODEL).read())["shapes"]


def prose(text):
    return html.unescape(re.sub(r"<[^>]+>", "", text or ""))


def documented(name):
    """The range that the documentation of an attribute or a parameter gives."""
    members = shapes["CreateTargetGroupInput"]["members"]
    if name in members:
        text = prose(members[name].get("documentation"))
    else:
        texts = [prose(shapes[each]["members"]["Key"]["documentation"]) for each in ("LoadBalancerAttribute", "TargetGroupAttribute")]
        text = next(text[text.index(name):] for text in texts if name in text)
    found = re.search(r"range is (\d+)(?: seconds?)?\s*(?:-|–|to)\s*(?:1 week \()?(\d+)", text)
    return [int(bound) for bound in found.groups()]


wrong = []
for warning in json.loads(sys.argv[1]):
    least, most, name = re.match(r"AWS takes (\d+) to (\d+)(?: s)? for (\S+)", warning["why"]).groups()
    if documented(name) != [int(least), int(most)]:
        wrong.append([warning, documented(name)])
print(json.dumps(wrong))
